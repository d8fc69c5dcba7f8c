//! The world: a storm over a city, minute by minute, the same for the same seed. It is what is true;
//! what stations make of it is [`crate::stations`].

mod bodies;
mod noise;
mod rain;
mod river;
mod sea;
mod storm;
mod survey;

pub use bodies::Body;
pub use noise::Chance;
pub use river::{Gauge, TidalGauge};
pub(crate) use storm::offset_km;
pub use storm::{Now, Wind};

use std::sync::Arc;

use domain::city::{City, CityFiles};

use crate::scenario::Scenario;

/// Minutes of an hour, as the world's step.
const MINUTES: f64 = 60.0;

/// One place with instruments.
#[derive(Debug, Clone)]
pub struct Place {
    /// Station id.
    pub id: String,
    /// Degrees.
    pub at: (f64, f64),
    /// How much of the open wind reaches it, and its gusts over its mean.
    wind: (f64, f64),
    /// Rain so far, mm.
    rain_mm: f64,
    /// Rain now, mm/h.
    mm_h: f64,
    /// What is measured there beside the air.
    body: Body,
}

/// The world at a minute.
#[derive(Debug, Clone)]
pub struct World {
    scenario: Arc<Scenario>,
    chance: Chance,
    places: Vec<Place>,
    /// Minutes since landfall.
    minute: i64,
}

impl World {
    /// The world of a scenario over a city, at the scenario's first minute. `files` are the city's:
    /// its schematic rivers say which gauge lies above which.
    pub fn new(scenario: Arc<Scenario>, city: &City, files: &CityFiles, seed: u64) -> Self {
        let chance = Chance::new(seed);
        let places = survey::places(city, files, chance);
        #[allow(clippy::cast_possible_truncation)] // hours of a scenario
        let minute = (scenario.from_h * MINUTES).floor() as i64;
        Self { scenario, chance, places, minute }
    }

    /// Minutes since landfall.
    pub fn minute(&self) -> i64 {
        self.minute
    }

    /// The places, in the order of the city's stations.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The storm at this minute.
    pub fn storm(&self) -> Option<Now> {
        self.scenario.storm.at(self.hour())
    }

    /// The hour of the weather: it stays at the scenario's end.
    fn hour(&self) -> f64 {
        (self.minute as f64 / MINUTES).min(self.scenario.to_h)
    }

    /// Goes on by one minute.
    pub fn step(&mut self) {
        self.minute += 1;
        let h = self.hour();
        let Some(now) = self.scenario.storm.at(h) else { return };
        let (storm, cells) = (&self.scenario.storm, &self.scenario.rain_cells);
        let rain = self.chance.of("rain");
        for place in &mut self.places {
            place.mm_h = rain::intensity(storm, &now, cells, rain, place.at, h);
            place.rain_mm += place.mm_h / MINUTES;
        }
        // Every gauge receives what stood above it a minute ago, whatever their order in the file.
        let flows: Vec<Option<f64>> =
            self.places.iter().map(|p| p.body.value("discharge")).collect();
        for place in &mut self.places {
            let above = match &place.body {
                Body::River { above: Some(up), .. } => flows.get(*up).copied().flatten(),
                _ => None,
            };
            let wind = now.wind(place.at.0, place.at.1).speed * place.wind.0;
            place.body.step(place.mm_h, wind, above, 1.0 / MINUTES);
        }
    }

    /// What is true of a property at a place now; `None` where nothing of the kind is there.
    /// `rainfall` is the sum since the beginning.
    pub fn value(&self, at: usize, property: &str) -> Option<f64> {
        let place = self.places.get(at)?;
        let h = self.hour();
        let storm = &self.scenario.storm;
        let now = storm.at(h)?;
        let (lon, lat) = place.at;
        let wind = now.wind(lon, lat);
        let mean = (wind.speed * place.wind.0).max(1.5);
        match property {
            "rainfall" => Some(place.rain_mm),
            "rain_intensity" => Some(place.mm_h),
            "wind_speed" => Some(mean),
            "wind_gust" => Some(mean * place.wind.1),
            "wind_direction" => Some(wind.from_deg),
            "pressure" => Some(now.pressure_hpa(lon, lat)),
            "air_temperature" => Some(27.0 - 3.0 * (place.mm_h / 20.0).min(1.0)),
            "tide_level" => Some(self.sea_level(place.at, h)),
            "water_level" => match &place.body {
                Body::Tidal { warning, gauge } => Some(self.tidal_stage(place.at, *warning, gauge)),
                body => body.water_level(),
            },
            "bed_occupancy" | "emergency_waiting" | "emergency_traffic" => {
                self.hospital(place, property, h)
            }
            other => place.body.value(other),
        }
    }

    fn sea_level(&self, at: (f64, f64), h: f64) -> f64 {
        let sea = &self.scenario.sea;
        // The water follows the wind by half an hour.
        let surge = |back: f64| {
            let now = self.scenario.storm.at(h - back);
            now.map_or(0.0, |now| sea.surge_m(&now, at))
        };
        sea.tide_m(h) + (surge(0.0) + surge(0.25) + surge(0.5)) / 3.0
    }

    fn tidal_stage(&self, at: (f64, f64), warning: f64, gauge: &TidalGauge) -> f64 {
        let h = self.hour() - gauge.lag_h;
        let sea = &self.scenario.sea;
        let tide = sea.tide_m(h) - sea.mean_m;
        let surge = self.sea_level(at, h) - sea.tide_m(h);
        warning - gauge.below_m + gauge.tide * tide + gauge.surge * surge
    }

    fn hospital(&self, place: &Place, property: &str, h: f64) -> Option<f64> {
        let events = &self.scenario.hospital_events;
        let event =
            events.iter().find(|e| e.hospital.as_str() == place.id && e.from_h <= h && h < e.to_h);
        match (event, property) {
            (Some(event), "bed_occupancy") => Some(event.occupancy),
            (Some(event), "emergency_waiting") => Some(event.waiting),
            (Some(event), _) => Some(event.traffic),
            (None, property) => place.body.value(property),
        }
    }
}
