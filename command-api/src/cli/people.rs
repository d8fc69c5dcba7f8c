//! `fenghuo user`, `fenghuo role`: people and what they may. They are kept in the data folder's access
//! file; a running platform reads it again every second.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use command_api::access::doors::{may_enter, role};
use command_api::access::{Access, secret};
use command_api::desk::decide::role_word;
use command_api::serve::{ACCESS_FILE, WallClock};

/// The roles there are.
const ROLES: [&str; 6] = ["officer", "commander", "planner", "agency", "auditor", "administrator"];

/// Where the data folder is looked for when the command line does not say.
const DATA_VARIABLE: &str = "FENGHUO_DATA";
/// Where it is looked for last, from the working directory.
const DATA_DEFAULT: &str = "data";

/// Which platform's people and tokens.
#[derive(clap::Args)]
pub(crate) struct Where {
    /// The data folder [default: that of FENGHUO_DATA, else ./data]
    #[arg(long)]
    data: Option<PathBuf>,
}

/// What to do about a person.
#[derive(Subcommand)]
pub(crate) enum User {
    /// Add a person, or change the role and password of one: asks for the password on a terminal, reads
    /// a line of it from standard input, or makes one and prints it where there is no input
    Add {
        /// The name they sign in with
        name: String,
        /// officer, commander, planner, agency, auditor or administrator
        #[arg(long, value_parser = ROLES)]
        role: String,
        /// For the role agency: which one
        #[arg(long)]
        agency: Option<String>,
        #[command(flatten)]
        at: Where,
    },
    /// Refuse a person from now on; open sessions end
    Disable {
        /// The name
        name: String,
        #[command(flatten)]
        at: Where,
    },
    /// Everybody, with role
    List {
        #[command(flatten)]
        at: Where,
    },
}

/// The data folder of a platform.
pub(super) fn data(at: &Where) -> Result<PathBuf> {
    let named = at.data.clone().or_else(|| std::env::var_os(DATA_VARIABLE).map(PathBuf::from));
    let data = named.clone().unwrap_or_else(|| PathBuf::from(DATA_DEFAULT));
    let file = data.join(ACCESS_FILE);
    // A folder that was named may be new to us; one that was guessed must be a platform's.
    let found = if named.is_some() { data.is_dir() } else { file.is_file() };
    if !found {
        let shown = data.display();
        bail!(
            "{shown} is no data folder of a platform: name the one of `fenghuo serve --data DIR` \
             with --data DIR or in {DATA_VARIABLE} (a platform that has not been served yet: \
             start it once)"
        );
    }
    Ok(data)
}

/// The access file of a platform.
pub(super) fn open(at: &Where) -> Result<Access> {
    Ok(Access::open(&data(at)?.join(ACCESS_FILE), Arc::new(WallClock))?)
}

/// People.
pub(crate) fn user(what: &User) -> Result<ExitCode> {
    match what {
        User::Add { name, role: word, agency, at } => {
            let role = role(word).context("an unknown role")?;
            let access = open(at)?;
            let (password, made) = password(name)?;
            access.put_person(name, role, agency.as_deref(), &password)?;
            println!("{name} is {word}");
            if made {
                println!("password {password} (shown this once)");
            }
        }
        User::Disable { name, at } => {
            open(at)?.disable_person(name)?;
            println!("{name} is disabled");
        }
        User::List { at } => {
            for person in open(at)?.people() {
                let state = if person.disabled { "disabled" } else { "active" };
                println!("{} {} {state}", person.name, role_word(person.role));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A password, and whether it was made here.
fn password(name: &str) -> Result<(String, bool)> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let asked = rpassword::prompt_password(format!("Password of {name}: "))?;
        if asked != rpassword::prompt_password("The same again: ")? {
            bail!("the two are not the same; nothing was changed");
        }
        return Ok((asked, false));
    }
    let mut line = String::new();
    // A standard input that is closed is as good as an empty one.
    let _ = stdin.lock().read_line(&mut line);
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() { Ok((secret::fresh_password()?, true)) } else { Ok((line.into(), false)) }
}

/// The roles, and the routes each may enter.
pub(crate) fn roles() -> ExitCode {
    for word in ROLES {
        let Some(role) = role(word) else { continue };
        println!("{word}");
        for route in contract::openapi::ROUTES.iter().filter(|r| may_enter(r, role)) {
            println!("  {:6} {}", route.method.to_uppercase(), route.path);
        }
    }
    ExitCode::SUCCESS
}
