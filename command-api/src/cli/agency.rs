//! `fenghuo agency`: the credentials of agencies and units. They are kept in the data folder's access
//! file; a running platform reads it again every second, so that what is done here holds at once.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use command_api::access::Access;
use command_api::access::issue::{COMMAND_LINE, Wanted};
use command_api::access::keyring::{Credential, Opens};
use command_api::serve::WallClock;
use domain::time::{Clock, HOUR_MS, MINUTE_MS, SECOND_MS, UtcMs};

use super::complain;
use super::people::{Where, open};

/// Whose credentials.
#[derive(Args)]
pub(crate) struct Whose {
    /// The agency's id
    name: String,
    /// A unit's instead of an agency's
    #[arg(long)]
    unit: bool,
    #[command(flatten)]
    at: Where,
}

impl Whose {
    fn kind(&self) -> &'static str {
        if self.unit { "unit" } else { "agency" }
    }
}

/// What to do about an agency's (or a unit's) credentials.
#[derive(Subcommand)]
pub(crate) enum Agency {
    /// Give out a credential: its secret is printed once. It is the bearer token for HTTP and the
    /// password for MQTT (the user name is the agency's id)
    Token {
        #[command(flatten)]
        whose: Whose,
        /// Until when it is good: an RFC 3339 time, or how long from now (90d, 12h, 30m)
        #[arg(long)]
        expires: Option<String>,
        /// What it is for, to tell it from others
        #[arg(long, default_value = "")]
        label: String,
        /// What it opens: any (HTTP and MQTT), http or mqtt
        #[arg(long, default_value = "any", value_parser = ["any", "http", "mqtt"])]
        opens: String,
    },
    /// Every credential: id, state, what it opens, since, until, last use, label
    List {
        #[command(flatten)]
        whose: Whose,
    },
    /// Give out a credential in the place of another, which stays good for a while: its secret is
    /// printed once
    Rotate {
        /// The credential's id, or the agency's where it has one good credential alone
        which: String,
        /// A unit's, where a unit is named
        #[arg(long)]
        unit: bool,
        /// Until when the old one stays good: a time, or how long from now; 0s ends it at once
        #[arg(long, default_value = "24h")]
        until: String,
        /// Until when the new one is good [default: as long as the old one was given]
        #[arg(long)]
        expires: Option<String>,
        #[command(flatten)]
        at: Where,
    },
    /// Revoke one credential; what came in by it is closed
    Revoke {
        /// The credential's id
        id: String,
        #[command(flatten)]
        at: Where,
    },
    /// Revoke every credential of it, and every client certificate made before now; what came in
    /// by them is closed
    Withdraw {
        #[command(flatten)]
        whose: Whose,
    },
}

/// Does it.
pub(crate) fn agency(what: &Agency) -> Result<ExitCode> {
    match what {
        Agency::Token { whose, expires, label, opens } => {
            let access = open(&whose.at)?;
            let expires = expires.as_deref().map(time).transpose()?;
            let opens = Opens::of(opens).context("an unknown kind of credential")?;
            let wanted = Wanted { expires, opens, ..Wanted::of(whose.kind(), &whose.name) };
            let issued = access.issue(COMMAND_LINE, &Wanted { label: label.clone(), ..wanted })?;
            access.close()?;
            show(&issued.credential, &issued.secret);
        }
        Agency::List { whose } => {
            for credential in open(&whose.at)?.credentials_of(whose.kind(), &whose.name) {
                println!("{}", line(&credential, WallClock.now()));
            }
        }
        Agency::Rotate { which, unit, until, expires, at } => {
            let access = open(at)?;
            let id = one(&access, which, if *unit { "unit" } else { "agency" })?;
            let expires = expires.as_deref().map(time).transpose()?;
            let issued = access.rotate(COMMAND_LINE, &id, Some(time(until)?), expires)?;
            access.close()?;
            show(&issued.credential, &issued.secret);
        }
        Agency::Revoke { id, at } => {
            let access = open(at)?;
            let revoked = access.revoke(COMMAND_LINE, id)?;
            access.close()?;
            println!("{} of {} is revoked", revoked.id, revoked.holder);
        }
        Agency::Withdraw { whose } => {
            let access = open(&whose.at)?;
            let count = access.revoke_all(COMMAND_LINE, whose.kind(), &whose.name)?;
            access.close()?;
            println!("{count} credential(s) revoked");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The secret alone on standard output, for scripts; what it is called beside it.
fn show(credential: &Credential, secret: &str) {
    println!("{secret}");
    let end = credential.expires.map(|t| format!(", good until {t}")).unwrap_or_default();
    complain(&format!("{} of {} (shown this once){end}", credential.id, credential.holder));
}

fn line(c: &Credential, now: UtcMs) -> String {
    let time = |t: Option<UtcMs>, none: &str| t.map_or(none.to_owned(), |t| t.rfc3339(0));
    format!(
        "{} {} opens={} since={} until={} used={} {}",
        c.id,
        c.state(now),
        c.opens.word(),
        c.since.rfc3339(0),
        time(c.revoked.or(c.expires), "-"),
        time(c.used, "never"),
        c.label
    )
}

/// A credential by its id, or the only good one of a holder.
fn one(access: &Access, which: &str, kind: &str) -> Result<String> {
    if access.credential(which).is_some() {
        return Ok(which.to_owned());
    }
    let now = WallClock.now();
    let theirs = access.credentials_of(kind, which);
    let good: Vec<&Credential> = theirs.iter().filter(|c| c.is_good(now)).collect();
    match good.as_slice() {
        [only] => Ok(only.id.clone()),
        [] => bail!("there is no credential {which}, and no good one of an agency of that name"),
        many => {
            let ids: Vec<&str> = many.iter().map(|c| c.id.as_str()).collect();
            bail!("{which} has {}: name one", ids.join(", "))
        }
    }
}

/// A time, or how long from now.
fn time(text: &str) -> Result<UtcMs> {
    if let Ok(at) = UtcMs::parse(text) {
        return Ok(at);
    }
    let wanted = "a time is RFC 3339 (2027-01-01T00:00:00+08:00), or like 90d, 12h, 30m, 10s";
    let unit = match text.chars().last() {
        Some('d') => 24 * HOUR_MS,
        Some('h') => HOUR_MS,
        Some('m') => MINUTE_MS,
        Some('s') => SECOND_MS,
        _ => bail!("{text}: {wanted}"),
    };
    let count: u32 =
        text[..text.len() - 1].parse().ok().with_context(|| format!("{text}: {wanted}"))?;
    let ms = i64::from(count).checked_mul(unit).with_context(|| format!("{text} is too long"))?;
    Ok(WallClock.now().plus_ms(ms))
}
