//! Levels. A city lists its own, lowest first (Guangdong keeps a white below blue), and *no data is
//! not none*: it is a value of its own and never compares as calm.

use serde::{Deserialize, Serialize};

/// What is believed of one place: nothing known, known to be calm, or at a level of the city's list.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Level {
    /// There is no data to judge by. Not risk, and not the absence of risk.
    #[default]
    NoData,
    /// There is data, and no threshold is met.
    None,
    /// The city's level by rank: 1 is its lowest.
    At(u8),
}

impl Level {
    /// The rank: 0 for both [`Level::NoData`] and [`Level::None`].
    pub fn rank(self) -> u8 {
        match self {
            Level::NoData | Level::None => 0,
            Level::At(rank) => rank,
        }
    }
    /// Whether a threshold is met.
    pub fn is_raised(self) -> bool {
        matches!(self, Level::At(_))
    }
}

/// One level of a city's list: its id, its words and its colour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelName {
    /// `white`, `blue`, `yellow`, `orange`, `red`, or the city's own.
    pub id: String,
    /// The Chinese word on the console: 「红」.
    pub name: String,
    /// The English word on the console.
    pub name_en: String,
    /// `#rrggbb`.
    pub color: String,
}

/// The city's ordered list of levels, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Levels(pub Vec<LevelName>);

impl Levels {
    /// The level called `id` (`nodata` and `none` included), or `None` where the city has no such.
    pub fn find(&self, id: &str) -> Option<Level> {
        match id {
            "nodata" => Some(Level::NoData),
            "none" => Some(Level::None),
            _ => {
                let at = self.0.iter().position(|l| l.id == id)?;
                u8::try_from(at + 1).ok().map(Level::At)
            }
        }
    }

    /// The id of a level: `nodata`, `none`, or one of the list (`none` for a rank past its end).
    pub fn id(&self, level: Level) -> &str {
        match level {
            Level::NoData => "nodata",
            Level::None => "none",
            Level::At(rank) => {
                let at = usize::from(rank).checked_sub(1);
                at.and_then(|at| self.0.get(at)).map_or("none", |l| l.id.as_str())
            }
        }
    }
}

impl Default for Levels {
    /// Blue, yellow, orange, red: the four of 突发事件应对法.
    fn default() -> Self {
        let row = |id: &str, name: &str, name_en: &str, color: &str| LevelName {
            id: id.into(),
            name: name.into(),
            name_en: name_en.into(),
            color: color.into(),
        };
        Self(vec![
            row("blue", "蓝", "Blue", "#1f5fbf"),
            row("yellow", "黄", "Yellow", "#f2c200"),
            row("orange", "橙", "Orange", "#e06c00"),
            row("red", "红", "Red", "#c4122f"),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_data_is_not_none() {
        assert_ne!(Level::NoData, Level::None);
        assert!(!Level::NoData.is_raised() && !Level::None.is_raised());
        assert!(Level::At(1) > Level::None);
    }

    #[test]
    fn ids_and_levels_are_each_others_inverse() {
        let levels = Levels::default();
        for id in ["nodata", "none", "blue", "yellow", "orange", "red"] {
            assert_eq!(levels.find(id).map(|l| levels.id(l).to_owned()).as_deref(), Some(id));
        }
        assert_eq!(levels.find("white"), None);
    }
}
