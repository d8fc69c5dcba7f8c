//! Situations: what agencies report beside measurements. One room for all of them, since they share
//! their envelope, their reader and their admission; a file each for what is particular: [`hotline`],
//! [`calls`], [`outages`], [`closures`], [`hazard_points`], [`food`], [`damage`], [`forecasts`].
//!
//! [`envelope`] reads one report, [`body`] the reports of a body, [`hidden`] hides numbers of people,
//! [`admit`] is stop 3. The README beside this file is for who sends.

pub(crate) mod admit;
pub mod body;
pub mod calls;
pub mod closures;
pub mod damage;
pub mod envelope;
pub mod food;
pub mod forecasts;
pub mod geometry;
pub mod hazard_points;
pub mod hidden;
pub mod hotline;
pub mod outages;
mod sheet;
#[cfg(test)]
mod tests;

use mqtt_edge::Who;

use crate::judge::Why;
use crate::register::Rights;
use crate::reports::kind::{Kind, Reader, Rim, Said, any_agency};
use envelope::Form;

fn json<'a, F: Form>(rim: &Rim<'_>, bytes: &'a [u8]) -> Result<Vec<Said<'a>>, Why> {
    body::packet::<F>(bytes, rim.declared())
}

fn lines<'a, F: Form>(rim: &Rim<'_>, bytes: &'a [u8]) -> Result<Vec<Said<'a>>, Why> {
    body::lines::<F>(bytes, rim.declared())
}

fn table<'a, F: Form>(rim: &Rim<'_>, bytes: &'a [u8]) -> Result<Vec<Said<'a>>, Why> {
    body::table::<F>(bytes, rim.declared())
}

/// Forecasts come from the offices that may publish signals.
fn offices(who: &Who, rights: &Rights) -> bool {
    matches!(who, Who::Agency(_)) && rights.official_signals
}

const fn media<F: Form>() -> [(&'static str, Reader); 3] {
    [
        ("application/json", json::<F> as Reader),
        ("application/x-ndjson", lines::<F> as Reader),
        ("text/csv", table::<F> as Reader),
    ]
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $word:literal $form:ty, $may:expr;)*) => {$(
        $(#[$doc])*
        pub const $name: Kind = Kind {
            path: concat!("/v1/reports/", $word),
            topic: $word,
            media: const { &media::<$form>() },
            may: $may,
        };
    )*};
}

kinds! {
    /// 12345.
    HOTLINE "hotline" hotline::Hotline, any_agency;
    /// 110, 119, 120, 122.
    CALLS "calls" calls::Call, any_agency;
    /// 停电.
    OUTAGES "outages" outages::Outage, any_agency;
    /// 道路封闭.
    CLOSURES "closures" closures::Closure, any_agency;
    /// 隐患点.
    HAZARD_POINTS "hazard-points" hazard_points::Point, any_agency;
    /// 食品药品.
    FOOD "food" food::Food, any_agency;
    /// 险情、工情、灾情.
    DAMAGE "damage" damage::Damaged, any_agency;
    /// Offices' forecasts.
    FORECASTS "forecasts" forecasts::Series, offices;
}
