//! The three kinds of value a field can have, read without allocating where the text allows it.

use std::borrow::Cow;
use std::fmt;

use domain::time::{TimeError, UtcMs};
use serde::de::{DeserializeSeed, Deserializer, Visitor};

use super::instant;

macro_rules! scalar_seed {
    ($name:ident, $value:ty, $method:ident, $what:literal, { $($body:tt)* }) => {
        pub(super) struct $name;
        impl<'de> DeserializeSeed<'de> for $name {
            type Value = $value;
            fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
                d.$method(self)
            }
        }
        impl<'de> Visitor<'de> for $name {
            type Value = $value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str($what) }
            $($body)*
        }
    };
}

scalar_seed!(Number, f64, deserialize_f64, "a number", {
    fn visit_f64<E>(self, v: f64) -> Result<f64, E> {
        Ok(v)
    }
    fn visit_i64<E>(self, v: i64) -> Result<f64, E> {
        Ok(v as f64)
    }
    fn visit_u64<E>(self, v: u64) -> Result<f64, E> {
        Ok(v as f64)
    }
});

scalar_seed!(Text, Option<Cow<'de, str>>, deserialize_any, "text", {
    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(v)))
    }
    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(v.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
});

scalar_seed!(Instant, Option<Result<UtcMs, TimeError>>, deserialize_any, "a time", {
    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Some(instant::parse(v)))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
        Ok(Some(UtcMs::from_millis(v)))
    }
    fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<Self::Value, E> {
        let ms = i64::try_from(v).map_err(|_| E::custom("a time"))?;
        Ok(Some(UtcMs::from_millis(ms)))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
});
