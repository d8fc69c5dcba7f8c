//! Giving credentials out, and taking them back: issue, rotate with overlap, expire, revoke. Every
//! act is audited with who did it; a secret is shown once, in the answer to the act that made it.

use domain::ids::{AgencyId, UnitId};
use domain::time::{HOUR_MS, UtcMs};

use super::keyring::{ANY, Credential, Opens};
use super::{Access, AccessError, held, secret, shown};

/// Good credentials that one holder may have at a time.
pub const GOOD_EACH_MAX: usize = 32;
/// The longest label, characters.
pub const LABEL_MAX_CHARS: usize = 80;
/// How long the old one stays good after a rotation, where nobody says: a working day and its night.
pub const OVERLAP_MS: i64 = 24 * HOUR_MS;

/// Who acts by the command line, in the audit.
pub const COMMAND_LINE: &str = "command line";

/// What a new credential is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// `agency` or `unit`.
    pub kind: String,
    /// Id of the agency or unit; `*` for any (demonstrations).
    pub holder: String,
    /// What it opens: not [`Opens::Certificate`], which is shown and not given out.
    pub opens: Opens,
    /// What its holder calls it.
    pub label: String,
    /// Until when it is good.
    pub expires: Option<UtcMs>,
}

impl Wanted {
    /// One for HTTP and MQTT that does not expire.
    pub fn of(kind: &str, holder: &str) -> Self {
        let (kind, holder) = (kind.to_owned(), holder.to_owned());
        Self { kind, holder, opens: Opens::Any, label: String::new(), expires: None }
    }
}

/// A credential that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// It.
    pub credential: Credential,
    /// Its secret. It is nowhere else.
    pub secret: String,
}

/// Why a credential is not given out or taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The holder's kind.
    #[error("a credential is an agency's or a unit's")]
    Kind,
    /// The label.
    #[error("a label has at most {LABEL_MAX_CHARS} characters and no control characters")]
    Label,
    /// A time that has passed.
    #[error("{0} has passed")]
    Passed(UtcMs),
    /// Too many.
    #[error("{0} has {GOOD_EACH_MAX} good credentials: revoke one first")]
    TooMany(String),
    /// No such id.
    #[error("there is no credential {0}")]
    Unknown(String),
    /// One that has ended cannot be rotated.
    #[error("the credential {0} has ended: issue a new one")]
    Ended(String),
    /// A certificate is renewed where it was made.
    #[error("a client certificate is renewed by who signs it, and revoked here")]
    Certificate,
}

fn fresh_id() -> Result<String, AccessError> {
    Ok(format!("c-{}", &secret::fresh()?[..12]))
}

fn checked(wanted: &Wanted, now: UtcMs) -> Result<(), AccessError> {
    let is_id = match wanted.kind.as_str() {
        _ if wanted.holder == ANY => Ok(()),
        "agency" => AgencyId::new(&wanted.holder).map(drop),
        "unit" => UnitId::new(&wanted.holder).map(drop),
        _ => return Err(IssueError::Kind.into()),
    };
    is_id?;
    if wanted.opens == Opens::Certificate {
        return Err(IssueError::Certificate.into());
    }
    let label = &wanted.label;
    if label.chars().count() > LABEL_MAX_CHARS || label.chars().any(char::is_control) {
        return Err(IssueError::Label.into());
    }
    not_passed(wanted.expires, now)
}

fn not_passed(until: Option<UtcMs>, now: UtcMs) -> Result<(), AccessError> {
    match until.filter(|until| *until <= now) {
        Some(until) => Err(IssueError::Passed(until).into()),
        None => Ok(()),
    }
}

impl Access {
    /// The clock by which credentials end.
    pub fn now(&self) -> UtcMs {
        self.clock.now()
    }

    /// Gives out a credential.
    ///
    /// # Errors
    /// [`IssueError`], the generator's or the file's.
    pub fn issue(&self, by: &str, wanted: &Wanted) -> Result<Issued, AccessError> {
        let now = self.clock.now();
        checked(wanted, now)?;
        let given = secret::fresh()?;
        let credential = self.drafted(by, wanted, &given, now)?;
        self.write_credentials(std::slice::from_ref(&credential))?;
        self.audit(by, "credential_issued", &told(&credential));
        Ok(Issued { credential, secret: given })
    }

    fn drafted(
        &self,
        by: &str,
        wanted: &Wanted,
        given: &str,
        now: UtcMs,
    ) -> Result<Credential, AccessError> {
        let theirs = self.credentials_of(&wanted.kind, &wanted.holder);
        if theirs.iter().filter(|c| c.is_good(now)).count() >= GOOD_EACH_MAX {
            return Err(IssueError::TooMany(wanted.holder.clone()).into());
        }
        Ok(Credential {
            id: fresh_id()?,
            key: secret::kept(given),
            kind: wanted.kind.clone(),
            holder: wanted.holder.clone(),
            opens: wanted.opens,
            label: wanted.label.clone(),
            since: now,
            by: by.to_owned(),
            expires: wanted.expires,
            used: None,
            revoked: None,
            replaced_by: None,
        })
    }

    /// The secret of a fresh credential of an agency or unit for HTTP and MQTT that does not expire.
    ///
    /// # Errors
    /// As [`Access::issue`].
    pub fn give_token(&self, kind: &str, holder: &str) -> Result<String, AccessError> {
        Ok(self.issue(COMMAND_LINE, &Wanted::of(kind, holder))?.secret)
    }

    /// Gives out one in the place of another: the new one is good at once, the old one until `until`
    /// ([`OVERLAP_MS`] where none is named) or its own end, whichever comes first. Where `expires`
    /// names no end and the old one had one, the new one lives as long as the old one was given.
    ///
    /// # Errors
    /// [`IssueError`], the generator's or the file's.
    pub fn rotate(
        &self,
        by: &str,
        id: &str,
        until: Option<UtcMs>,
        expires: Option<UtcMs>,
    ) -> Result<Issued, AccessError> {
        let now = self.clock.now();
        let mut old = self.credential(id).ok_or_else(|| IssueError::Unknown(id.into()))?;
        if !old.is_good(now) {
            return Err(IssueError::Ended(id.into()).into());
        }
        if old.opens == Opens::Certificate {
            return Err(IssueError::Certificate.into());
        }
        not_passed(expires, now)?;
        let until = until.unwrap_or_else(|| now.plus_ms(OVERLAP_MS)).max(now);
        let lived = old.expires.map(|end| end.0 - old.since.0);
        let wanted = Wanted {
            kind: old.kind.clone(),
            holder: old.holder.clone(),
            opens: old.opens,
            label: old.label.clone(),
            expires: expires.or_else(|| lived.map(|lived| now.plus_ms(lived))),
        };
        let given = secret::fresh()?;
        let credential = self.drafted(by, &wanted, &given, now)?;
        old.expires = Some(old.expires.map_or(until, |end| end.min(until)));
        old.replaced_by = Some(credential.id.clone());
        self.write_credentials(&[credential.clone(), old])?;
        let told = format!("{} for {id}, which ends at {until}", told(&credential));
        self.audit(by, "credential_rotated", &told);
        Ok(Issued { credential, secret: given })
    }

    /// Revokes one: what came in by it is closed within [`super::REFRESH_EVERY`].
    ///
    /// # Errors
    /// [`IssueError::Unknown`], or the file's.
    pub fn revoke(&self, by: &str, id: &str) -> Result<Credential, AccessError> {
        let mut found = self.credential(id).ok_or_else(|| IssueError::Unknown(id.into()))?;
        if found.revoked.is_none() {
            found.revoked = Some(self.clock.now());
            self.write_credentials(std::slice::from_ref(&found))?;
            self.audit(by, "credential_revoked", &told(&found));
        }
        Ok(found)
    }

    /// Revokes every credential of a holder that is good, and says how many. Certificates that were
    /// made before now stay out, also those that have not been shown yet.
    ///
    /// # Errors
    /// The file's.
    pub fn revoke_all(&self, by: &str, kind: &str, holder: &str) -> Result<usize, AccessError> {
        let now = self.clock.now();
        let theirs = self.credentials_of(kind, holder).into_iter().filter(|c| c.is_good(now));
        let mut ended: Vec<Credential> =
            theirs.map(|c| Credential { revoked: Some(now), ..c }).collect();
        ended.push(shown::bar(kind, holder, by, now));
        self.write_credentials(&ended)?;
        ended.pop();
        ended.iter().for_each(|c| self.audit(by, "credential_revoked", &told(c)));
        Ok(ended.len())
    }

    fn write_credentials(&self, some: &[Credential]) -> Result<(), AccessError> {
        // The file's lock first: what is taken over from it meanwhile would not have these.
        let mut store = held(&self.store);
        store.put_credentials(some, self.clock.now())?;
        let mut keyring = self.keyring_mut();
        some.iter().for_each(|credential| keyring.put(credential.clone()));
        Ok(())
    }

    /// One by its id.
    pub fn credential(&self, id: &str) -> Option<Credential> {
        self.keyring().get(id)
    }

    /// Those of a holder, oldest first, the ended ones too.
    pub fn credentials_of(&self, kind: &str, holder: &str) -> Vec<Credential> {
        let mut all = self.keyring().of(kind, holder);
        all.retain(|credential| !shown::is_bar(credential));
        all
    }
}

/// A credential in an audit line: nothing of it is secret.
fn told(credential: &Credential) -> String {
    let Credential { id, kind, holder, opens, label, .. } = credential;
    let label = if label.is_empty() { String::new() } else { format!(" {label:?}") };
    let end = credential.expires.map(|t| format!(" until {t}")).unwrap_or_default();
    format!("{kind} {holder} {id} opens {}{label}{end}", opens.word())
}
