//! Exchange with other platforms across a gap between networks: the folder `exchange/` of the data
//! folder, where the command line and a running platform meet. There is no local socket to ask a
//! platform by: what the command line did waits in `spool/` until the platform has written it into the
//! record, and what it is to take in waits in `inbox/`.

pub mod export;
pub mod inbox;
pub mod ledger;
pub mod select;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use domain::exchange::ExchangeAct;
use ingest::exchange::sign::SigningKey;
use ingest::exchange::write::put;

/// The folder `exchange/` of a data folder.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// Of a data folder.
    pub fn of(data: &Path) -> Self {
        Self(data.join("exchange"))
    }

    /// A folder within it, made where it is not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn within(&self, name: &str) -> Result<PathBuf> {
        let folder = self.0.join(name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("{} could not be made", folder.display()))?;
        Ok(folder)
    }

    fn key_file(&self) -> PathBuf {
        self.0.join("key.pk8")
    }

    /// Makes the key that files are signed by; one that is there is left as it is.
    ///
    /// # Errors
    /// A key that is there already, unless it is to be replaced; what the file system says.
    pub fn make_key(&self, replace: bool) -> Result<SigningKey> {
        let path = self.key_file();
        if path.exists() && !replace {
            bail!(
                "{} is there already; with --replace the peers need the new public key first",
                path.display()
            );
        }
        fs::create_dir_all(&self.0)?;
        let (bytes, key) = SigningKey::make()?;
        let part = self.0.join("key.part");
        let _ = fs::remove_file(&part);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        Ok(key)
    }

    /// The key that files are signed by.
    ///
    /// # Errors
    /// There is none, everybody can read it, or it is none.
    pub fn key(&self) -> Result<SigningKey> {
        let path = self.key_file();
        let bytes = fs::read(&path).with_context(|| {
            format!("{} could not be read (fenghuo exchange key makes one)", path.display())
        })?;
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path)?.permissions());
            if mode & 0o077 != 0 {
                bail!("{} can be read by others: chmod 600 it", path.display());
            }
        }
        Ok(SigningKey::read(&bytes)?)
    }

    /// Lays an act down for the platform to write into the record. It is durable then.
    ///
    /// # Errors
    /// What the file system says.
    pub fn spool(&self, act: &ExchangeAct) -> Result<()> {
        let folder = self.within("spool")?;
        let bytes = serde_json::to_vec(act)?;
        put(&folder.join(format!("{}.json", act.id)), &bytes)?;
        fs::File::open(&folder)?.sync_all()?;
        Ok(())
    }

    /// The acts that wait, in order of their names, each with its file. What is no act is passed over.
    ///
    /// # Errors
    /// What the file system says.
    pub fn spooled(&self) -> Result<Vec<(PathBuf, ExchangeAct)>> {
        let mut acts = Vec::new();
        for path in files(&self.0.join("spool"), "json")? {
            match fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
                Some(act) => acts.push((path, act)),
                None => tracing::error!(path = %path.display(), "this is no act of exchange"),
            }
        }
        acts.sort_by_key(|(_, act): &(PathBuf, ExchangeAct)| act.at);
        Ok(acts)
    }
}

/// The files of a folder with an ending, in order of name; none where there is no folder.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
