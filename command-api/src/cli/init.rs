//! `fenghuo init DIR`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use domain::city::City;

/// Where to write it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder; it must not exist, or be empty
    dir: PathBuf,
}

/// Writes the example city.
pub(crate) fn init(options: &Options) -> Result<ExitCode> {
    let dir = &options.dir;
    let taken = dir.exists() && std::fs::read_dir(dir).is_ok_and(|mut d| d.next().is_some());
    if taken {
        bail!("{} is not empty: name a new folder", dir.display());
    }
    for (path, bytes) in City::scaffold() {
        let file = dir.join(&path);
        let folder = file.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} could not be made", folder.display()))?;
        std::fs::write(&file, bytes)
            .with_context(|| format!("{} could not be written", file.display()))?;
        println!("{}", file.display());
    }
    let dir = dir.display();
    println!(
        "Check it with `fenghuo check --city {dir}`, run it with `fenghuo serve --city {dir} --data DATA`."
    );
    Ok(ExitCode::SUCCESS)
}
