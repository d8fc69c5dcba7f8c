//! What `drill` and `record` have in common: scenario, city, seed.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::city::{City, CityFiles};
use domain::time::UtcMs;
use simulators::city;
use simulators::scenario::Scenario;
use simulators::stations::Sampler;
use simulators::world::World;

/// The most errors of a city that are shown.
const ERRORS_SHOWN_MAX: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct StageArguments {
    /// The scenario (TOML).
    #[arg(long)]
    pub(crate) scenario: PathBuf,
    /// The city's folder.
    #[arg(long)]
    pub(crate) city: PathBuf,
    /// Another seed than the scenario's.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Injects to leave out, by id.
    #[arg(long, value_delimiter = ',')]
    pub(crate) without: Vec<String>,
}

/// A scenario over a city.
pub(crate) struct Stage {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) city: City,
    pub(crate) files: CityFiles,
    pub(crate) seed: u64,
}

impl Stage {
    /// Reads both.
    pub(crate) fn set(arguments: &StageArguments) -> Result<Self> {
        let mut scenario = Scenario::read(&arguments.scenario)?;
        scenario.without(&arguments.without).map_err(anyhow::Error::msg)?;
        let folder = &arguments.city;
        let files = city::files(folder).with_context(|| folder.display().to_string())?;
        let city = match City::read(&files) {
            Ok(city) => city,
            Err(errors) => {
                for error in errors.iter().take(ERRORS_SHOWN_MAX) {
                    tracing::error!("{error}");
                }
                bail!("{}: {} errors", folder.display(), errors.len());
            }
        };
        let seed = arguments.seed.unwrap_or(scenario.seed);
        Ok(Self { scenario: Arc::new(scenario), city, files, seed })
    }

    /// Its stations, sending from `from_h` on.
    pub(crate) fn sampler(&self, landfall: UtcMs, from_h: f64) -> Sampler {
        let world = World::new(self.scenario.clone(), &self.city, &self.files, self.seed);
        Sampler::new(world, self.scenario.clone(), &self.city, landfall, from_h, self.seed)
    }
}
