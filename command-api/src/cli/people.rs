//! `fenghuo user`, `fenghuo agency`, `fenghuo role`: people and feed credentials. They are kept in the
//! data folder's access file; a running platform takes a change over within seconds.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use command_api::access::Access;
use command_api::access::doors::{may_enter, role};
use command_api::serve::{ACCESS_FILE, WallClock};

/// The roles there are.
const ROLES: [&str; 6] = ["officer", "commander", "planner", "agency", "auditor", "administrator"];

/// What to do about a person.
#[derive(Subcommand)]
pub(crate) enum User {
    /// Add a person, or change the role and password of one; the password is read from standard input
    Add {
        /// The name they sign in with
        name: String,
        /// officer, commander, planner, agency, auditor or administrator
        #[arg(long, value_parser = ROLES)]
        role: String,
        /// For the role agency: which one
        #[arg(long)]
        agency: Option<String>,
        /// The data folder
        #[arg(long)]
        data: PathBuf,
    },
    /// Refuse a person from now on; open sessions end
    Disable {
        /// The name
        name: String,
        /// The data folder
        #[arg(long)]
        data: PathBuf,
    },
    /// Everybody, with role
    List {
        /// The data folder
        #[arg(long)]
        data: PathBuf,
    },
}

/// What to do about an agency's (or a unit's) credentials.
#[derive(Subcommand)]
pub(crate) enum Agency {
    /// Give out a token: it is printed once
    Token {
        /// The agency's id
        name: String,
        /// The data folder
        #[arg(long)]
        data: PathBuf,
        /// A unit's token instead of an agency's
        #[arg(long)]
        unit: bool,
    },
    /// Withdraw every token of it
    Withdraw {
        /// The agency's id
        name: String,
        /// The data folder
        #[arg(long)]
        data: PathBuf,
        /// A unit's tokens instead of an agency's
        #[arg(long)]
        unit: bool,
    },
}

fn open(data: &Path) -> Result<Access> {
    if !data.is_dir() {
        bail!("{} is no data folder: `fenghuo serve --data` makes one", data.display());
    }
    Ok(Access::open(&data.join(ACCESS_FILE), Arc::new(WallClock))?)
}

/// People.
pub(crate) fn user(what: &User) -> Result<ExitCode> {
    match what {
        User::Add { name, role: word, agency, data } => {
            let role = role(word).context("an unknown role")?;
            let mut password = String::new();
            std::io::stdin().lock().read_line(&mut password)?;
            let password = password.trim_end_matches(['\r', '\n']);
            open(data)?.put_person(name, role, agency.as_deref(), password)?;
            println!("{name} is {word}");
        }
        User::Disable { name, data } => {
            open(data)?.disable_person(name)?;
            println!("{name} is disabled");
        }
        User::List { data } => {
            for person in open(data)?.people() {
                let state = if person.disabled { "disabled" } else { "active" };
                println!("{} {:?} {state}", person.name, person.role);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Credentials of feeds.
pub(crate) fn agency(what: &Agency) -> Result<ExitCode> {
    let kind = |unit: bool| if unit { "unit" } else { "agency" };
    match what {
        Agency::Token { name, data, unit } => {
            println!("{}", open(data)?.give_token(kind(*unit), name)?);
        }
        Agency::Withdraw { name, data, unit } => {
            let count = open(data)?.withdraw_tokens(kind(*unit), name)?;
            println!("{count} token(s) withdrawn");
        }
    }
    Ok(ExitCode::SUCCESS)
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
