//! What can go wrong at the door.

use super::password::PasswordError;
use super::secret::NoRandomness;
use super::store::StoreError;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The generator.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// A name that is no id.
    #[error("name: {0}")]
    Name(#[from] domain::ids::IdError),
    /// A credential.
    #[error(transparent)]
    Issue(#[from] super::issue::IssueError),
    /// Nobody of that name.
    #[error("there is nobody called {0}")]
    Unknown(String),
    /// A set-up code that is wrong, used or from before.
    #[error("the set-up code is not valid")]
    SetupCode,
    /// The thread that asked the file broke off.
    #[error("access broke off")]
    BrokenOff,
}

/// Why a sign-in is refused. Unknown name, wrong password and a disabled person are one answer.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name or password.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many failures: wait so many seconds.
    #[error("too many failures: try again in {0} s")]
    Wait(i64),
    /// Too many at once.
    #[error("too many people are signing in at this moment")]
    Busy,
    /// The file or the generator.
    #[error(transparent)]
    Failed(#[from] AccessError),
}
