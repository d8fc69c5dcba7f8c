//! A scenario file: a night, hour by hour before and after landfall. Every number of it is invented.

use std::path::Path;

use domain::ids::{AgencyId, StationId, ZoneId};
use domain::report::SignalAct;
use domain::time::UtcMs;
use serde::Deserialize;

/// A scenario as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its id.
    pub id: String,
    /// 中文 title.
    pub title: String,
    /// English title.
    pub title_en: String,
    /// Landfall as the story has it; hours count from here.
    pub landfall: String,
    /// Hour of the first observation.
    pub from_h: f64,
    /// Hour of the last.
    pub to_h: f64,
    /// Seed of everything random, unless the command line gives another.
    pub seed: u64,
    /// How instruments and their lines misbehave.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// Agencies that send by HTTP; the others by MQTT.
    #[serde(default)]
    pub by_http: Vec<AgencyId>,
    /// The storm.
    pub storm: Storm,
    /// Rain cells beside the storm's own rain.
    #[serde(default, rename = "rain_cell")]
    pub rain_cells: Vec<RainCell>,
    /// The sea.
    pub sea: Sea,
    /// What happens to hospitals.
    #[serde(default, rename = "hospital_event")]
    pub hospital_events: Vec<HospitalEvent>,
    /// Power cuts that take stations with them.
    #[serde(default, rename = "power_cut")]
    pub power_cuts: Vec<PowerCut>,
    /// Injects, each switchable.
    #[serde(default, rename = "inject")]
    pub injects: Vec<Inject>,
    /// Official signals, as their offices publish them.
    #[serde(default, rename = "signal")]
    pub signals: Vec<Signal>,
    /// What the health bureau counted on the days before.
    #[serde(default, rename = "counts")]
    pub counts: Vec<Counted>,
    /// How units behave.
    #[serde(default)]
    pub units: UnitManners,
}

/// Rates of everything that goes wrong with telemetry.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Share of frames that never arrive.
    pub dropout: f64,
    /// Share of frames that arrive twice.
    pub duplicate: f64,
    /// Share of frames that arrive late.
    pub late: f64,
    /// Least and greatest lateness of those, seconds.
    pub late_s: [f64; 2],
    /// Least and greatest way of every other frame, seconds.
    pub delay_s: [f64; 2],
    /// Share of stations whose clock is behind.
    pub skewed: f64,
    /// How far at most, seconds.
    pub skew_s: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            dropout: 0.004,
            duplicate: 0.005,
            late: 0.01,
            late_s: [120.0, 600.0],
            delay_s: [2.0, 25.0],
            skewed: 0.03,
            skew_s: 40.0,
        }
    }
}

/// The storm: where it is when, and how deep.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// Pressure far away, hPa.
    pub environment_hpa: f64,
    /// Surface wind over gradient wind.
    pub surface_factor: f64,
    /// Fixes, in order of hours; between them straight lines.
    #[serde(rename = "fix")]
    pub fixes: Vec<Fix>,
    /// mm/h of the eye wall, the spiral bands and the wide shield.
    pub rain_mm_h: [f64; 3],
}

/// One fix of the track.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// Hour.
    pub h: f64,
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
    /// Central pressure, hPa.
    pub hpa: f64,
    /// Radius of the greatest wind, km.
    pub rmax_km: f64,
}

/// A standing cell of heavy rain.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RainCell {
    /// What it is for.
    pub name: String,
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
    /// Radius to a third of its strength, km.
    pub radius_km: f64,
    /// Hours it lasts.
    pub from_h: f64,
    /// Hours it lasts.
    pub to_h: f64,
    /// mm/h at its middle.
    pub mm_h: f64,
}

/// Tide and surge.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sea {
    /// Mean level above the stations' datum, m.
    pub mean_m: f64,
    /// Amplitude of the half-day tide, m.
    pub half_day_m: f64,
    /// Amplitude of the day tide, m.
    pub day_m: f64,
    /// Hour of a high water.
    pub high_water_h: f64,
    /// Surge per hPa of pressure deficit, m.
    pub surge_per_hpa: f64,
    /// Surge per (m/s)² of wind towards the shore, m.
    pub surge_per_wind2: f64,
    /// Bearing towards the shore, degrees.
    pub shoreward_deg: f64,
}

/// What a hospital suffers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HospitalEvent {
    /// The hospital.
    pub hospital: StationId,
    /// Hours it lasts.
    pub from_h: f64,
    /// Hours it lasts.
    pub to_h: f64,
    /// Bed occupancy, %.
    pub occupancy: f64,
    /// People waiting.
    pub waiting: f64,
    /// 0 正常接诊, 1 接诊紧张, 2 建议分流, 3 暂停接收.
    pub traffic: f64,
    /// Why.
    pub note: String,
}

/// A power cut.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerCut {
    /// Its name.
    pub name: String,
    /// Degrees.
    pub lon: f64,
    /// Degrees.
    pub lat: f64,
    /// Radius, km.
    pub radius_km: f64,
    /// Share of the stations within that fall silent.
    pub share: f64,
    /// Hours it lasts.
    pub from_h: f64,
    /// Hours it lasts.
    pub to_h: f64,
}

/// An inject.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Inject {
    /// `I2`; several may share one id and are switched together.
    pub id: String,
    /// What it is, in words.
    pub note: String,
    /// Hours it lasts.
    pub from_h: f64,
    /// Hours it lasts.
    pub to_h: f64,
    /// What it does.
    #[serde(flatten)]
    pub what: InjectKind,
}

/// What an inject does.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InjectKind {
    /// Nothing of an agency arrives.
    AgencyOutage {
        /// The agency.
        agency: AgencyId,
    },
    /// Nothing of these stations arrives.
    Silent {
        /// The stations.
        stations: Vec<StationId>,
    },
    /// An instrument keeps one value.
    Stuck {
        /// The station.
        station: StationId,
        /// Its property.
        property: String,
        /// The value.
        value: f64,
    },
    /// A station's clock is ahead.
    ClockAhead {
        /// The station.
        station: StationId,
        /// By how much, seconds.
        seconds: i64,
    },
    /// Frames of these stations are kept back and arrive together.
    BackFill {
        /// The stations.
        stations: Vec<StationId>,
        /// The hour they arrive.
        delivered_h: f64,
    },
}

/// An official signal.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// When it is published.
    pub at_h: f64,
    /// Whose feed brings it.
    pub agency: AgencyId,
    /// The issuer's id of the signal.
    pub id: String,
    /// The office in words.
    pub issuer: String,
    /// What is done.
    pub act: SignalAct,
    /// 「台风」…
    pub kind: String,
    /// Colour.
    pub color: String,
    /// Areas.
    pub areas: Vec<ZoneId>,
    /// Text.
    pub text: String,
}

/// Cases of one kind at one place, day by day.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// Whose feed brings them.
    pub agency: AgencyId,
    /// Where: a zone or a hospital.
    pub place: String,
    /// What: a code of a syndrome or a disease.
    pub syndrome: String,
    /// Of which age: `0-4`, `60+`, `all`.
    pub age: String,
    /// Of each day, the newest last: that of the day before the run.
    pub daily: Vec<u32>,
}

/// How units behave.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnitManners {
    /// Share of orders that a unit sends back.
    pub refusal: f64,
    /// Least and greatest time to answer, seconds.
    pub answer_s: [f64; 2],
    /// Least and greatest time of work on the scene, minutes.
    pub work_min: [f64; 2],
    /// Mean wind at which boats stay in, m/s.
    pub boats_stay_in_m_s: f64,
}

impl Default for UnitManners {
    fn default() -> Self {
        Self {
            refusal: 0.08,
            answer_s: [15.0, 60.0],
            work_min: [8.0, 22.0],
            // 10级, as the line for work outside
            boats_stay_in_m_s: 24.5,
        }
    }
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path}: {reason}")]
    Form {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScenarioError::Read { path: name.clone(), source })?;
        Self::parse(&text).map_err(|reason| ScenarioError::Form { path: name, reason })
    }

    /// Reads the text of a scenario.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let scenario: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        UtcMs::parse(&scenario.landfall).map_err(|e| format!("landfall: {e}"))?;
        if scenario.from_h.partial_cmp(&scenario.to_h) != Some(std::cmp::Ordering::Less) {
            return Err("from_h must be before to_h".into());
        }
        let fixes = &scenario.storm.fixes;
        if fixes.len() < 2 || !fixes.is_sorted_by(|a, b| a.h < b.h) {
            return Err("storm.fix: at least two, in order of h".into());
        }
        Ok(scenario)
    }

    /// Leaves out the injects of these ids.
    ///
    /// # Errors
    /// Names an id that the scenario does not have.
    pub fn without(&mut self, ids: &[String]) -> Result<(), String> {
        for id in ids {
            if !self.injects.iter().any(|i| i.id == *id) {
                let known: Vec<&str> = self.injects.iter().map(|i| i.id.as_str()).collect();
                return Err(format!("no inject {id:?}; the scenario has {}", known.join(", ")));
            }
        }
        self.injects.retain(|i| !ids.contains(&i.id));
        Ok(())
    }
}
