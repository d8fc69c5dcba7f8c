//! HEARING: feeds, decoding, admission.
