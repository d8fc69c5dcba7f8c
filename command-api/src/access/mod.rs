//! Access: who is it, and what may they do. People sign in and hold a session that the platform
//! keeps; agencies and units show a credential ([`keyring`], [`issue`]). Nothing is open by default
//! ([`doors`]), every refusal leaves an audit line, and a change made beside the running platform
//! (`fenghuo user`, `fenghuo agency`) holds within [`REFRESH_EVERY`]: sessions of who is gone end,
//! and who came in by a credential that has ended is shown out.

mod audit;
pub mod credential_rows;
pub mod credentials;
pub mod doors;
mod error;
pub mod issue;
pub mod keyring;
pub mod password;
mod schema;
pub mod secret;
pub mod sessions;
mod shown;
pub mod store;
pub mod throttle;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use domain::desk::Role;
use domain::ids::UserName;
use domain::time::{Clock, UtcMs};
use tokio::sync::Semaphore;

pub use audit::AUDIT_QUEUE;
use audit::AuditLine;
pub use error::{AccessError, SignInError};
use keyring::Keyring;
use secret::Kept;
use sessions::Sessions;
use store::{PersonRow, Store};
use throttle::Throttle;

/// How often changes made by others are looked for.
pub const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// Passwords that are hashed at one time: each takes 19 MiB and tens of milliseconds.
pub const HASHING_MAX: usize = 2;
/// Passwords that wait to be hashed; more are sent away.
pub const HASHING_WAIT_MAX: usize = 32;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Name.
    pub name: UserName,
    /// Role.
    pub role: Role,
    /// The agency, for role agency.
    pub agency: Option<String>,
    /// The session (hash of its secret).
    pub session: Kept,
    /// When it ends if nothing is done.
    pub expires: UtcMs,
}

/// See the module.
pub struct Access {
    store: Mutex<Store>,
    people: RwLock<BTreeMap<String, PersonRow>>,
    sessions: Mutex<Sessions>,
    keyring: RwLock<Keyring>,
    /// Client certificates that were shown for the first time and are not written yet.
    fresh: Mutex<Vec<keyring::Credential>>,
    throttle: Mutex<Throttle>,
    hashing: Semaphore,
    waiting: Semaphore,
    audit: Mutex<Vec<AuditLine>>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access")
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Access {
    /// Opens (or makes) the access file. The clock is a wall clock: sessions end by it.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, AccessError> {
        let access = Self {
            store: Mutex::new(Store::open(path)?),
            people: RwLock::default(),
            sessions: Mutex::default(),
            keyring: RwLock::default(),
            fresh: Mutex::default(),
            throttle: Mutex::default(),
            hashing: Semaphore::new(HASHING_MAX),
            waiting: Semaphore::new(HASHING_WAIT_MAX),
            audit: Mutex::default(),
            clock,
        };
        access.reload()?;
        Ok(access)
    }

    /// Takes over what others have changed, ends what has run out, and writes the audit lines that
    /// wait. To be called every [`REFRESH_EVERY`], off the async threads.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub fn refresh(&self) -> Result<(), AccessError> {
        // First: what is taken over from the file would not have them.
        self.write_shown()?;
        self.catch_up()?;
        let now = self.clock.now();
        let (ended, used) = held(&self.sessions).settle(now);
        let lines = std::mem::take(&mut *held(&self.audit));
        let lines: Vec<_> = lines.into_iter().map(|l| (l.at, l.who, l.what, l.detail)).collect();
        held(&self.store).settle(&ended, &used, &lines)?;
        let uses = self.keyring().settle(false);
        held(&self.store).put_uses(&uses)?;
        Ok(())
    }

    /// The last refresh of a platform that ends: everything that waits is written.
    ///
    /// # Errors
    /// As [`Access::refresh`].
    pub fn close(&self) -> Result<(), AccessError> {
        self.refresh()?;
        let uses = self.keyring().settle(true);
        Ok(held(&self.store).put_uses(&uses)?)
    }

    fn keyring(&self) -> RwLockReadGuard<'_, Keyring> {
        self.keyring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn keyring_mut(&self) -> RwLockWriteGuard<'_, Keyring> {
        self.keyring.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// [`Access::catch_up`], with what was shown and is not in the file yet written first.
    fn caught_up(&self) -> Result<(), AccessError> {
        self.write_shown()?;
        self.catch_up()
    }

    /// Takes over what others have changed in the file.
    fn catch_up(&self) -> Result<(), AccessError> {
        let changed = held(&self.store).changed();
        if changed && let Err(error) = self.reload() {
            held(&self.store).not_taken_over();
            return Err(error);
        }
        Ok(())
    }

    fn reload(&self) -> Result<(), AccessError> {
        let store = held(&self.store);
        let people: BTreeMap<_, _> =
            store.people()?.into_iter().map(|p| (p.name.clone(), p)).collect();
        let sessions = store.sessions()?;
        // Read first: requests ask for these from memory, and must not wait for the file.
        held(&self.sessions).take_over(sessions, &people);
        let credentials = store.credentials()?;
        self.keyring_mut().take_over(credentials);
        *self.people.write().unwrap_or_else(PoisonError::into_inner) = people;
        Ok(())
    }

    /// Adds a person, or changes role and password of one; their sessions end.
    ///
    /// # Errors
    /// [`AccessError`]: the name is no id, the password is too short, the file fails.
    pub fn put_person(
        &self,
        name: &str,
        role: Role,
        agency: Option<&str>,
        password: &str,
    ) -> Result<(), AccessError> {
        let name = UserName::new(name)?;
        let row = PersonRow {
            name: name.to_string(),
            role,
            agency: agency.map(str::to_owned),
            hash: password::hash(password)?,
            disabled: false,
        };
        self.write_person(&row)
    }

    /// Refuses a person from now on; their sessions end.
    ///
    /// # Errors
    /// [`AccessError::Unknown`], or the file's.
    pub fn disable_person(&self, name: &str) -> Result<(), AccessError> {
        let row = self.person_row(name).ok_or_else(|| AccessError::Unknown(name.into()))?;
        self.write_person(&PersonRow { disabled: true, ..row })
    }

    fn write_person(&self, row: &PersonRow) -> Result<(), AccessError> {
        {
            let store = held(&self.store);
            store.put_person(row, self.clock.now())?;
            store.end_sessions_of(&row.name)?;
        }
        held(&self.sessions).end_all_of(&row.name);
        let mut people = self.people.write().unwrap_or_else(PoisonError::into_inner);
        people.insert(row.name.clone(), row.clone());
        Ok(())
    }

    fn person_row(&self, name: &str) -> Option<PersonRow> {
        self.people.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Everybody: name, role, agency, whether disabled.
    pub fn people(&self) -> Vec<PersonRow> {
        let people = self.people.read().unwrap_or_else(PoisonError::into_inner);
        people.values().cloned().collect()
    }

    /// A one-time code for the first administrator, where nobody is known yet.
    ///
    /// # Errors
    /// [`AccessError`]: the generator or the file.
    pub fn first_setup_code(&self) -> Result<Option<String>, AccessError> {
        if !self.people.read().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return Ok(None);
        }
        let code = secret::fresh()?;
        held(&self.store).put_setup(&secret::kept(&code), self.clock.now())?;
        Ok(Some(code))
    }

    /// Makes the first administrator with the one-time code, and signs them in.
    ///
    /// # Errors
    /// [`AccessError::SetupCode`], or as [`Access::put_person`].
    pub fn set_up(&self, code: &str, name: &str, password: &str) -> Result<String, AccessError> {
        UserName::new(name)?;
        // The password is judged before the code is used up.
        let hash = password::hash(password)?;
        if !held(&self.store).take_setup(&secret::kept(code))? {
            return Err(AccessError::SetupCode);
        }
        let row = PersonRow {
            name: name.into(),
            role: Role::Administrator,
            agency: None,
            hash,
            disabled: false,
        };
        self.write_person(&row)?;
        self.begin_session(name)
    }

    /// Signs a person in and gives the session's secret.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        self: &Arc<Self>,
        name: &str,
        password: &str,
        peer: IpAddr,
    ) -> Result<String, SignInError> {
        let keys = [format!("user:{name}"), format!("peer:{peer}")];
        let now = self.clock.now();
        let waits = keys.iter().filter_map(|k| held(&self.throttle).wait_ms(k, now));
        if let Some(ms) = waits.max() {
            return Err(SignInError::Wait(ms.div_euclid(1000) + 1));
        }
        let _place = self.waiting.try_acquire().map_err(|_| SignInError::Busy)?;
        let _turn = self.hashing.acquire().await.map_err(|_| SignInError::Busy)?;
        // Who was added, given another password or disabled this second is judged by that: nobody is
        // told that their new password is wrong, and an old one opens nothing.
        if let Err(error) = self.aside(Self::caught_up).await {
            tracing::warn!(%error, "signing in by what was known of people before");
        }
        let row = self.person_row(name).filter(|p| !p.disabled);
        let hashed = row.map(|r| r.hash);
        let given = password.to_owned();
        let check =
            tokio::task::spawn_blocking(move || password::verify(&given, hashed.as_deref()));
        if !check.await.unwrap_or(false) {
            let mut throttle = held(&self.throttle);
            keys.iter().for_each(|k| throttle.failed(k, now));
            drop(throttle);
            self.audit(name, "sign_in_refused", &peer.to_string());
            return Err(SignInError::Wrong);
        }
        held(&self.throttle).succeeded(&keys[0]);
        self.audit(name, "signed_in", &peer.to_string());
        let name = name.to_owned();
        Ok(self.aside(move |access| access.begin_session(&name)).await?)
    }

    /// Does what writes the file on a thread that may wait for it.
    async fn aside<R: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<R, AccessError> + Send + 'static,
    ) -> Result<R, AccessError> {
        let access = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&access)).await;
        done.map_err(|_| AccessError::BrokenOff)?
    }

    fn begin_session(&self, name: &str) -> Result<String, AccessError> {
        let secret = secret::fresh()?;
        // The file's lock first: what is taken over from it meanwhile would not have this session.
        let store = held(&self.store);
        let row = held(&self.sessions).begin(secret::kept(&secret), name, self.clock.now());
        store.put_session(&row)?;
        Ok(secret)
    }

    /// Whose session this secret is, if it is one; this counts as use.
    pub fn person(&self, secret: &str) -> Option<Person> {
        self.person_of(&secret::kept(secret))
    }

    /// The same by the session's hash: an open live socket asks, which counts as use.
    pub fn person_of(&self, key: &Kept) -> Option<Person> {
        let (user, expires) = held(&self.sessions).use_now(key, self.clock.now())?;
        let row = self.person_row(&user).filter(|p| !p.disabled)?;
        let name = UserName::new(&row.name).ok()?;
        Some(Person { name, role: row.role, agency: row.agency, session: *key, expires })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The file's.
    pub async fn sign_out(self: &Arc<Self>, key: Kept) -> Result<(), AccessError> {
        held(&self.sessions).end(&key);
        self.aside(move |access| Ok(held(&access.store).end_session(&key)?)).await
    }

    /// A one-use ticket for the live socket.
    ///
    /// # Errors
    /// The generator's.
    pub fn ticket(&self, key: Kept) -> Result<String, AccessError> {
        let ticket = secret::fresh()?;
        held(&self.sessions).add_ticket(secret::kept(&ticket), key, self.clock.now());
        Ok(ticket)
    }

    /// Takes a ticket: the person whose it is, once.
    pub fn redeem(&self, ticket: &str) -> Option<Person> {
        let key = held(&self.sessions).take_ticket(&secret::kept(ticket), self.clock.now())?;
        self.person_of(&key)
    }
}
