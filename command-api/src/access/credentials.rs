//! What hearing asks of access: whom a name and a secret stand for.

use std::sync::Arc;

use domain::ids::{AgencyId, UnitId};
use ingest::seams::{Credentials, Held, Who};

use tls::ClientCertificate;

use super::Access;
use super::keyring::{ANY, Opens};

fn who(kind: &str, id: &str) -> Option<Who> {
    match kind {
        "agency" => AgencyId::new(id).ok().map(Who::Agency),
        "unit" => UnitId::new(id).ok().map(Who::Unit),
        _ => None,
    }
}

impl Credentials for Access {
    fn verify(&self, user: &str, secret: &str) -> Option<Held> {
        let keyring = self.keyring();
        let found = keyring.open(secret, Opens::Mqtt, self.clock.now())?;
        let who =
            if found.holder == user || found.holder == ANY { who(&found.kind, user) } else { None };
        Some(Held { who: who?, credential: found.id.as_str().into() })
    }

    /// A token for anybody says not who it is: it is no bearer token.
    fn bearer(&self, token: &str) -> Option<Who> {
        let keyring = self.keyring();
        let found = keyring.open(token, Opens::Http, self.clock.now())?;
        who(&found.kind, &found.holder)
    }

    fn certificate(&self, who: &Who, shown: &ClientCertificate) -> Option<Arc<str>> {
        self.shown(who, shown)
    }

    fn holds(&self, credential: &str) -> bool {
        self.keyring().holds(credential, self.clock.now())
    }
}
