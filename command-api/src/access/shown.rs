//! Client certificates: their authority vouches for them, and here each becomes a credential like any
//! other the first time it is shown, so that it is listed with its last use and can be revoked.

use std::sync::Arc;

use domain::time::UtcMs;
use ingest::seams::Who;
use tls::ClientCertificate;

use super::issue::LABEL_MAX_CHARS;
use super::keyring::{Credential, Opens};
use super::secret::{self, Kept};
use super::{Access, AccessError, held};

/// Certificates shown for the first time that wait to be written: more are let in and written when
/// they are shown again.
const FRESH_MAX: usize = 1_024;

/// By what the bar of a holder is known.
fn bar_key(kind: &str, holder: &str) -> Kept {
    secret::kept(&format!("{kind} {holder} withdrawn"))
}

/// What keeps a holder's certificates out that were made before `now`, also those that nobody has
/// seen yet: a revoked credential that nothing opens.
pub(super) fn bar(kind: &str, holder: &str, by: &str, now: UtcMs) -> Credential {
    let key = bar_key(kind, holder);
    Credential {
        id: format!("{BAR}{}", &secret::hex(&key)[..12]),
        key,
        kind: kind.into(),
        holder: holder.into(),
        opens: Opens::Certificate,
        label: String::new(),
        since: now,
        by: by.into(),
        expires: None,
        used: None,
        revoked: Some(now),
        replaced_by: None,
    }
}

/// Whether it is a bar and no credential that was ever given.
pub(super) fn is_bar(credential: &Credential) -> bool {
    credential.id.starts_with(BAR)
}

const BAR: &str = "w-";

impl Access {
    /// The credential of a certificate that `who` has shown; nothing where it was revoked or has
    /// expired.
    pub(super) fn shown(&self, who: &Who, shown: &ClientCertificate) -> Option<Arc<str>> {
        let (kind, holder) = match who {
            Who::Agency(id) => ("agency", id.as_str()),
            Who::Unit(id) => ("unit", id.as_str()),
        };
        let now = self.clock.now();
        // Whoever was withdrawn is so with all that was made before, seen or not.
        let withdrawn = self.keyring().by_key(&bar_key(kind, holder)).and_then(|bar| bar.revoked);
        if withdrawn.is_some_and(|at| shown.not_before <= at) {
            return None;
        }
        // One certificate may name several; each has its own row.
        let key = secret::kept(&format!("{kind} {holder} {}", secret::hex(&shown.fingerprint)));
        {
            let keyring = self.keyring();
            if keyring.by_key(&key).is_some() {
                let found = keyring.open_by(&key, Opens::Certificate, now);
                return found.map(|c| c.id.as_str().into());
            }
        }
        let label: String = shown.names.join(" ").chars().filter(|c| !c.is_control()).collect();
        let credential = Credential {
            id: format!("x-{}", &secret::hex(&key)[..12]),
            key,
            kind: kind.into(),
            holder: holder.into(),
            opens: Opens::Certificate,
            label: label.chars().take(LABEL_MAX_CHARS).collect(),
            since: now,
            by: "certificate".into(),
            expires: Some(shown.not_after),
            used: Some(now),
            revoked: None,
            replaced_by: None,
        };
        if !credential.is_good(now) {
            return None;
        }
        let id = Arc::from(credential.id.as_str());
        self.audit(
            holder,
            "certificate_shown",
            &format!("{kind} {holder} {id} for the first time"),
        );
        let mut fresh = held(&self.fresh);
        if fresh.len() < FRESH_MAX {
            fresh.push(credential.clone());
        }
        self.keyring_mut().put(credential);
        Some(id)
    }

    /// Writes those that were shown for the first time.
    pub(super) fn write_shown(&self) -> Result<(), AccessError> {
        let fresh = std::mem::take(&mut *held(&self.fresh));
        if fresh.is_empty() {
            return Ok(());
        }
        let mut store = held(&self.store);
        // As they are by now: one may have been revoked meanwhile.
        let kept: Vec<Credential> =
            fresh.iter().filter_map(|c| self.keyring().get(&c.id)).collect();
        let written = store.put_credentials(&kept, self.clock.now());
        if written.is_err() {
            held(&self.fresh).extend(fresh);
        }
        Ok(written?)
    }
}
