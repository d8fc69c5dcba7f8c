//! Whose a station is, and whether a connection may speak for it.

use domain::ids::AgencyId;
use domain::refusal::Reason;
use domain::sl651::Address;

use super::body::Message;
use crate::judge::Why;
use crate::register::Register;

/// Whose a station is, when its message was sent; where that is before it was anybody's, now.
pub(super) fn owner(
    register: &Register,
    address: Address,
    message: Option<&Message>,
) -> Option<AgencyId> {
    let gauge = register.telemetry().get(address)?;
    let instrument = register.station(&gauge.station)?;
    let latest = domain::time::LATEST;
    let sent = message.and_then(|message| instrument.owner_at(message.sent));
    sent.or_else(|| instrument.owner_at(latest)).cloned()
}

/// Why a station may not be spoken for on a connection whose certificate names `only`.
pub(super) fn foreign(
    register: &Register,
    only: Option<&AgencyId>,
    station: Address,
) -> Option<Why> {
    let only = only?;
    let owner = owner(register, station, None)?;
    let said = format!("{station} is another agency's than the certificate's, {only}");
    (owner != *only).then(|| Why::new(Reason::ForeignStation, said))
}
