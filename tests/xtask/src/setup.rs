//! What a fresh machine lacks: system packages (installed by apt where we may), the front end's
//! packages and its build. Nothing is skipped silently: what cannot be had is named, and it is red.

use std::path::Path;

use anyhow::{Result, bail};

use crate::run::{is_installed, root, run, run_with};

/// A program the tests run, and the Debian package that brings it.
const PROGRAMS: &[(&str, &str)] = &[
    ("chromium", "chromium"),
    ("mosquitto", "mosquitto"),
    ("mosquitto_pub", "mosquitto-clients"),
    ("xmlsec1", "xmlsec1"),
    ("victoria-metrics", "victoria-metrics"),
    ("strace", "strace"),
    ("python3", "python3"),
];
/// A file that a package without a program brings.
const FILES: &[(&str, &str)] =
    &[("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk")];

/// Sees to the programs the tests need.
pub(crate) fn system_packages() -> Result<()> {
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    let wanted = missing.join(" ");
    if !is_root() || !is_installed("apt-get") {
        bail!("missing: {wanted}. Install them, as in: sudo apt-get install {wanted}");
    }
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    run_with(".", "apt-get", &["update", "-qq"], &quiet)?;
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(&missing);
    run_with(".", "apt-get", &install, &quiet)?;
    let still = missing_packages();
    if !still.is_empty() {
        bail!("still missing after apt-get install: {}", still.join(" "));
    }
    Ok(())
}

fn missing_packages() -> Vec<&'static str> {
    let programs = PROGRAMS.iter().filter(|(program, _)| !is_installed(program));
    let files = FILES.iter().filter(|(file, _)| !Path::new(file).exists());
    programs.chain(files).map(|(_, package)| *package).collect()
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uid = status.lines().find_map(|l| l.strip_prefix("Uid:"));
    uid.and_then(|l| l.split_whitespace().nth(1)) == Some("0")
}

/// The front end: packages as locked, then its build into `dashboards/dist`.
pub(crate) fn console() -> Result<()> {
    if !is_installed("node") || !is_installed("npm") {
        bail!("missing: Node.js 20 or newer with npm (https://nodejs.org, or your distribution's)");
    }
    if !is_fresh("dashboards/node_modules/.package-lock.json", &["dashboards/package-lock.json"]) {
        run("dashboards", "npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"])?;
    }
    run("dashboards", "npm", &["run", "--silent", "build"])
}

/// Whether `made` is not older than any of `from`.
fn is_fresh(made: &str, from: &[&str]) -> bool {
    let when = |path: &str| std::fs::metadata(root().join(path)).and_then(|m| m.modified()).ok();
    let Some(made) = when(made) else { return false };
    from.iter().all(|path| when(path).is_some_and(|w| w <= made))
}
