//! Who may do what over MQTT, and what waits for units: an agency publishes under its own name
//! only, a unit reports under its own, and each listens to its own.

use std::sync::Arc;

use domain::ids::{AgencyId, UnitId};
use mqtt_edge::{Claim, Deny, Directory, Downlink, Filter, Outbox, Principal, Who};
use tls::ClientCertificate;

use super::decode::{Carries, Owner, ROOT, UNITS, carries, owner};
use super::notes::{feedback_topic, rejected_topic};
use crate::admit::Admission;
use crate::seams::{Credentials, Held, NOTE_KEYS, Tasks};
use crate::sensorthings::news::Desk;
use crate::sensorthings::resource::{Resource, subscription};

/// What the topics of SensorThings begin with.
const SENSORTHINGS: &str = "v1.1/";

/// The topic of a unit's tasks.
pub fn tasks_topic(unit: &UnitId) -> String {
    format!("{ROOT}/{UNITS}/{unit}/tasks")
}

/// Credentials and rights, by the city's register.
pub struct CityDirectory {
    credentials: Arc<dyn Credentials>,
    admission: Admission,
    news: Option<Arc<Desk>>,
}

impl CityDirectory {
    /// A directory by these credentials and the register in force.
    pub fn new(credentials: Arc<dyn Credentials>, admission: Admission) -> Self {
        Self { credentials, admission, news: None }
    }

    /// The same, with news of observations for who subscribes to them.
    #[must_use]
    pub fn with_news(self, news: Arc<Desk>) -> Self {
        Self { news: Some(news), ..self }
    }

    /// Whether an agency may be told of observations by this topic: of all of its own, or of a
    /// datastream that is its own now.
    fn may_follow(&self, agency: &AgencyId, topic: &str) -> bool {
        let (Some(news), Some(wanted)) = (&self.news, subscription(topic)) else { return false };
        let own = match wanted.of {
            Resource::OfDatastream { station, property } => {
                let (register, now) = (self.admission.register(), self.admission.now());
                let instrument = register.station(station);
                register.stream(station, property).is_some()
                    && instrument.and_then(|i| i.owner_at(now)) == Some(agency)
            }
            Resource::Observations | Resource::DataArrays => true,
        };
        if own {
            news.wanted();
        }
        own
    }
}

impl CityDirectory {
    fn by_password(&self, claim: &Claim) -> Result<Held, Deny> {
        let (Some(user), Some(password)) = (&claim.user, &claim.password) else {
            return Err(Deny::BadCredentials);
        };
        let secret = std::str::from_utf8(password).map_err(|_| Deny::BadCredentials)?;
        self.credentials.verify(user, secret).ok_or(Deny::BadCredentials)
    }

    /// By a certificate: who is one of its names, the user name where one is given, else the first
    /// (the common name). A password beside it is not looked at.
    fn by_certificate(&self, shown: &ClientCertificate, user: Option<&str>) -> Result<Held, Deny> {
        let name = match user.filter(|user| !user.is_empty()) {
            Some(user) => shown.names.iter().find(|name| *name == user),
            None => shown.names.first(),
        };
        let name = name.ok_or(Deny::NotAuthorized)?;
        let register = self.admission.register();
        let agency = AgencyId::new(name).ok().filter(|id| register.agency(id).is_some());
        let unit = || UnitId::new(name).ok().filter(|id| register.unit(id).is_some());
        let who = agency.map(Who::Agency).or_else(|| unit().map(Who::Unit));
        let who = who.ok_or(Deny::NotAuthorized)?;
        let credential = self.credentials.certificate(&who, shown).ok_or(Deny::BadCredentials)?;
        Ok(Held { who, credential })
    }
}

impl Directory for CityDirectory {
    async fn authenticate(&self, claim: Claim) -> Result<Principal, Deny> {
        let held = match &claim.certificate {
            Some(shown) => self.by_certificate(shown, claim.user.as_deref())?,
            None => self.by_password(&claim)?,
        };
        let register = self.admission.register();
        let known = match &held.who {
            Who::Agency(agency) => register.agency(agency).is_some(),
            Who::Unit(unit) => register.unit(unit).is_some(),
        };
        if !known {
            return Err(Deny::NotAuthorized);
        }
        Ok(Principal { who: held.who, client_id: claim.client_id, credential: held.credential })
    }

    fn connections_max(&self, principal: &Principal) -> Option<usize> {
        let Who::Agency(agency) = &principal.who else { return None };
        let most = self.admission.register().agency(agency)?.connections_max?;
        usize::try_from(most).ok()
    }

    fn may_publish(&self, principal: &Principal, topic: &str) -> bool {
        match (&principal.who, owner(topic)) {
            (Who::Agency(agency), Some(Owner::Agency(name))) if agency.as_str() == name => {
                match carries(topic) {
                    Some(Carries::Reports(kind)) => {
                        let register = self.admission.register();
                        let rights = register.agency(agency);
                        rights.is_some_and(|rights| (kind.may)(&principal.who, rights))
                    }
                    // What goes down is the platform's to say. Another topic of its own that means
                    // nothing is refused for its content, so that the agency is told.
                    _ => topic != rejected_topic(agency) && topic != feedback_topic(agency),
                }
            }
            (Who::Unit(unit), Some(Owner::Unit(name))) if unit.as_str() == name => {
                carries(topic) == Some(Carries::UnitReport)
            }
            // What is no Observation there is refused for its content, so that the agency is told.
            (Who::Agency(_), None) => topic.starts_with(SENSORTHINGS),
            _ => false,
        }
    }

    fn may_subscribe(&self, principal: &Principal, filter: &Filter) -> bool {
        if filter.as_str().starts_with(SENSORTHINGS) {
            let Who::Agency(agency) = &principal.who else { return false };
            return !filter.has_wildcard() && self.may_follow(agency, filter.as_str());
        }
        let own = match &principal.who {
            Who::Agency(agency) => format!("{ROOT}/{agency}/"),
            Who::Unit(unit) => format!("{ROOT}/{UNITS}/{unit}/"),
        };
        // The whole filter lies in the own subtree: no wildcard stands before it.
        filter.as_str().starts_with(&own)
    }
}

/// The desk's open tasks, as the endpoint asks for them.
pub struct TaskOutbox {
    tasks: Arc<dyn Tasks>,
}

impl TaskOutbox {
    /// An outbox of this desk.
    pub fn new(tasks: Arc<dyn Tasks>) -> Self {
        Self { tasks }
    }
}

impl Outbox for TaskOutbox {
    fn resume(
        &self,
        principal: &Principal,
        filter: &Filter,
        after: Option<u64>,
        limit: usize,
    ) -> Vec<Downlink> {
        let Who::Unit(unit) = &principal.who else { return Vec::new() };
        let topic = tasks_topic(unit);
        if !filter.matches(&topic) {
            return Vec::new();
        }
        let open = self.tasks.open_tasks(unit, after, limit);
        open.into_iter()
            .map(|task| Downlink {
                topic: topic.clone(),
                body: task.body,
                key: task.key,
                retain: false,
                kept: true,
            })
            .collect()
    }

    fn delivered(&self, principal: &Principal, key: u64) {
        if let Who::Unit(unit) = &principal.who
            && key < NOTE_KEYS
        {
            self.tasks.delivered(unit, key);
        }
    }
}
