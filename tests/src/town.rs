//! Small cities for tests, written as a user writes them.

use std::path::{Path, PathBuf};

/// A city's folder being written.
#[derive(Debug, Clone)]
pub struct Town {
    files: Vec<(String, String)>,
    stations: String,
    datastreams: String,
}

impl Default for Town {
    fn default() -> Self {
        Self::new()
    }
}

impl Town {
    /// A town with one agency, four levels, one zone around (113.0, 22.5), and no rules yet.
    pub fn new() -> Self {
        let town = Self {
            files: Vec::new(),
            stations: "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\n".into(),
            datastreams:
                "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n"
                    .into(),
        };
        town.file(
            "city.toml",
            "name = \"试验镇\"\nname_en = \"Testtown\"\ntime_zone = \"Asia/Shanghai\"\nfictional = true\n\
             future_tolerance_s = 120\nsilent_after_intervals = 3\n",
        )
        .file("agencies.toml", "[[agency]]\nid = \"hydro\"\nname = \"水文(虚构)\"\n\
             [[agency]]\nid = \"weather\"\nname = \"气象(虚构)\"\nofficial_signals = true\n")
        .file(
            "zones.geojson",
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"440700","name":"试验镇","name_en":"Testtown","kind":"city"},"geometry":{"type":"Polygon","coordinates":[[[112.5,22.0],[113.5,22.0],[113.5,23.0],[112.5,23.0],[112.5,22.0]]]}}]}"#,
        )
    }

    /// Writes (or replaces) a file of the folder.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.retain(|(p, _)| p != path);
        self.files.push((path.into(), text.into()));
        self
    }

    /// Lets `hydro` send so many observations a second.
    #[must_use]
    pub fn rate(self, per_s: u32) -> Self {
        let agencies =
            format!("[[agency]]\nid = \"hydro\"\nname = \"hydro\"\nrate_per_s = {per_s}\n");
        self.file("agencies.toml", &agencies)
    }

    /// Adds a station of `hydro` with datastreams `(property, interval_s)`.
    #[must_use]
    pub fn station(self, id: &str, datastreams: &[(&str, u32)]) -> Self {
        self.station_of("hydro", id, datastreams)
    }

    /// Adds a station of an agency.
    #[must_use]
    pub fn station_of(mut self, agency: &str, id: &str, datastreams: &[(&str, u32)]) -> Self {
        let count = self.stations.lines().count();
        let lon = 112.6 + f64::from(u32::try_from(count % 80).expect("small")) * 0.01;
        let lat = 22.1 + f64::from(u32::try_from(count / 80).expect("small")) * 0.01;
        let datum =
            if datastreams.iter().any(|(p, _)| p.ends_with("level")) { "local" } else { "" };
        self.stations += &format!("{id},{id},{id},{agency},{lon:.4},{lat:.4},{datum},,\n");
        for (property, interval) in datastreams {
            self.datastreams += &format!("{id},{property},{interval},,,,,\n");
        }
        self
    }

    /// Gives the stations that are there telemetry addresses, in order; empty for none.
    #[must_use]
    pub fn telemetry(mut self, addresses: &[&str]) -> Self {
        let mut addresses = addresses.iter();
        let mut cell = |at| if at == 0 { "sl651" } else { addresses.next().unwrap_or(&"") };
        let rows = self.stations.lines().enumerate();
        self.stations = rows.map(|(at, row)| format!("{row},{}\n", cell(at))).collect();
        self
    }

    /// Adds a hazard with thresholds `(level, at_least, window in hours)` and no hysteresis.
    #[must_use]
    pub fn hazard(self, kind: &str, thresholds: &[(&str, f64, Option<u32>)]) -> Self {
        let mut text = format!("hazard = \"{kind}\"\nsource = \"city policy\"\n");
        for (level, at_least, hours) in thresholds {
            text += &format!("[[threshold]]\nlevel = \"{level}\"\nat_least = {at_least:?}\n");
            if let Some(hours) = hours {
                text += &format!("window_h = {hours}\n");
            }
        }
        self.file(&format!("hazards/{kind}.toml"), &text)
    }

    /// Writes the folder under `folder/city`.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let city = folder.join("city");
        let put = |path: &str, text: &str| {
            let file = city.join(path);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        };
        for (path, text) in &self.files {
            put(path, text);
        }
        put("stations.csv", &self.stations);
        put("datastreams.csv", &self.datastreams);
        city
    }
}
