//! Storm tracks: where a storm was, is, and is expected. See `README.md`.

pub(crate) mod admit;
pub mod decode;
pub mod jma;

use crate::reports::kind::{Kind, an_office};

/// See [`Kind`].
pub const KIND: Kind = Kind {
    path: "/v1/reports/tracks",
    topic: "tracks",
    media: &[
        ("application/json", |rim, body| decode::json(body, rim.declared())),
        ("text/plain", |_, body| jma::best_tracks(body)),
    ],
    may: an_office,
};
