//! `POST /v1/commands`: to the desk, answered with what it made.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use contract::{CommandAnswer, CommandRequest};

use super::body;
use super::problem::Refused;
use crate::access::Person;
use crate::desk::{Asked, NotDone, Refusal};
use crate::platform::Platform;

/// The longest id of a command, in bytes.
pub const COMMAND_ID_MAX_BYTES: usize = 64;

/// Asks the desk. Done means durable and on the board.
pub async fn command(
    State(platform): State<Arc<Platform>>,
    Extension(person): Extension<Person>,
    request: Request,
) -> Result<Json<CommandAnswer>, Refused> {
    let said: CommandRequest = body::json(request).await?;
    let fits = (1..=COMMAND_ID_MAX_BYTES).contains(&said.id.len());
    if !fits || said.id.chars().any(char::is_control) || said.id.starts_with("report:") {
        return Err(Refused::invalid("a command's id has 1 to 64 bytes, no control characters"));
    }
    let act = crate::desk::decide::act(&said.command);
    let asked =
        Asked { id: said.id, command: said.command, who: person.name.clone(), role: person.role };
    match platform.seat.ask(asked).await {
        Ok(events) => Ok(Json(CommandAnswer { events })),
        Err(why) => {
            if let NotDone::Refused(Refusal::Forbidden { .. } | Refusal::RedNeedsCommander) = &why {
                platform.access.audit(person.name.as_str(), "denied", act);
                platform.metrics.denied();
            }
            Err(why.into())
        }
    }
}
