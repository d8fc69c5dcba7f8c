//! What the demonstration makes for itself: two people, a token for every agency, one for all units.

use std::path::Path;

use domain::desk::Role;

use super::options::{Say, ServeError};
use crate::access::issue::Wanted;
use crate::access::{Access, AccessError, keyring, secret};
use crate::gazetteer::Gazetteer;

/// Who gives these out, in the audit.
const MAKER: &str = "demonstration";
/// The file with the tokens, in the data directory.
pub const CREDENTIALS_FILE: &str = "credentials.toml";

/// Makes people and tokens and says the sign-in. Secrets are new with every start.
///
/// # Errors
/// Access, or the file.
pub(super) fn prepare(
    access: &Access,
    city: &Gazetteer,
    data: &Path,
    say: &Say,
) -> Result<(), ServeError> {
    let password = secret::fresh_password().map_err(AccessError::from)?;
    access.put_person("demo", Role::Officer, None, &password)?;
    access.put_person("demo-commander", Role::Commander, None, &password)?;
    let mut text = String::from("# Made by the demonstration; new with every start.\n[agency]\n");
    let agencies = city.city().agencies.iter().map(|a| a.id.as_str());
    for holder in agencies.chain([keyring::ANY]) {
        text += &format!("\"{holder}\" = \"{}\"\n", anew(access, "agency", holder)?);
    }
    text += &format!("[unit]\n\"*\" = \"{}\"\n", anew(access, "unit", keyring::ANY)?);
    let path = data.join(CREDENTIALS_FILE);
    write_private(&path, &text).map_err(|e| ServeError::Data(path, e))?;
    say(&format!(
        "sign-in   user=demo password={password} (an officer; user=demo-commander is a commander)"
    ));
    Ok(())
}

/// The demonstration's own credential of a holder, in the place of the last start's.
fn anew(access: &Access, kind: &str, holder: &str) -> Result<String, AccessError> {
    access.revoke_all(MAKER, kind, holder)?;
    let label = "demonstration".to_owned();
    Ok(access.issue(MAKER, &Wanted { label, ..Wanted::of(kind, holder) })?.secret)
}

/// Writes a file that only its owner reads.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
