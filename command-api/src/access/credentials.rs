//! What hearing asks of access: whom a name and a secret stand for.

use domain::ids::{AgencyId, UnitId};
use ingest::seams::{Credentials, Who};

use super::Access;
use super::tokens::ANY;

fn who(kind: &str, id: &str) -> Option<Who> {
    match kind {
        "agency" => AgencyId::new(id).ok().map(Who::Agency),
        "unit" => UnitId::new(id).ok().map(Who::Unit),
        _ => None,
    }
}

/// Whether somebody who is connected may have come in by a token of this kind and holder.
pub fn came_by(kind: &str, holder: &str, connected: &Who) -> bool {
    match connected {
        Who::Agency(id) => kind == "agency" && (holder == ANY || holder == id.as_str()),
        Who::Unit(id) => kind == "unit" && (holder == ANY || holder == id.as_str()),
    }
}

impl Credentials for Access {
    fn verify(&self, user: &str, secret: &str) -> Option<Who> {
        let (kind, holder) = self.holder(secret)?;
        if holder == user || holder == ANY { who(&kind, user) } else { None }
    }

    /// A token for anybody says not who it is: it is no bearer token.
    fn bearer(&self, token: &str) -> Option<Who> {
        let (kind, holder) = self.holder(token)?;
        who(&kind, &holder)
    }
}
