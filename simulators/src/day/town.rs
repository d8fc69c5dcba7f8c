//! The city whose day is sent: its folder, and who sends what by which way, in the shares of a real
//! one. Everything in it is invented.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// How large it is: 10 is the whole city, 1 a tenth of it.
pub type Tenths = usize;

/// The whole city.
pub const WHOLE: Tenths = 10;
/// Datastreams of a station that is no telemetry station.
pub const OF_STATION: [&str; 5] =
    ["rainfall", "water_level", "discharge", "air_temperature", "battery"];
/// Datastreams of a telemetry station.
pub const OF_RTU: [&str; 3] = ["rainfall", "water_level", "battery"];
/// The greatest level that the registry takes, metres.
pub const LEVEL_MAX_M: f64 = 60.0;
/// Whose frames nobody's are.
pub const RTU_OWNER: &str = "river";
/// An office whose warnings must be signed.
pub const SIGNING: &str = "seal";
/// An agency with a small quota, which it does not keep to.
pub const HASTY: &str = "hasty";
/// The password of the telemetry stations.
pub const RTU_PASSWORD: u16 = 0x4401;

/// By which way an agency's stations are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// MQTT, an observation a message.
    Mqtt,
    /// HTTP, a JSON array a minute.
    Json,
    /// HTTP, a table a minute.
    Table,
    /// SensorThings data arrays by HTTP.
    Arrays,
    /// SensorThings by MQTT.
    Things,
}

/// Agency, way, stations (of [`OF_STATION`]) in a tenth, stations behind one connection.
pub const STATIONS: [(&str, Way, usize, usize); 5] = [
    ("hydro", Way::Mqtt, 60, 10),
    ("weather", Way::Json, 50, 20),
    ("drainage", Way::Table, 30, 20),
    ("sensors", Way::Arrays, 20, 20),
    ("gardens", Way::Things, 10, 10),
];
/// Telemetry stations in a tenth.
pub const RTUS: usize = 50;
/// Hospitals in a tenth.
pub const HOSPITALS: usize = 4;
/// Units in a tenth that are heard by MQTT, and by Cursor-on-Target.
pub const UNITS: (usize, usize) = (15, 5);

/// Agencies without instruments.
const OTHERS: [&str; 6] = ["health", "emergency", "hotline", "utilities", "office", "quake"];

/// A self-signed certificate of nobody's; its key is gone.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBoDCCAUWgAwIBAgIUdfNAuTkKVlng3bWu60eTmtDluEEwCgYIKoZIzj0EAwIw
JDEiMCAGA1UEAwwZRmljdGlvbmFsIGZvcmVjYXN0IG9mZmljZTAgFw0yNjExMjMw
MzAyMjJaGA8yMTI2MTAzMDAzMDIyMlowJDEiMCAGA1UEAwwZRmljdGlvbmFsIGZv
cmVjYXN0IG9mZmljZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFhlZ/bNWkwA
bBM+RA4HuNpV60ELnTe/nRY/k2p9+Vytbh2gD01rOdT0NAuOWYNOMdo1aw4ljeag
eZ/4hDcMJWajUzBRMB0GA1UdDgQWBBRoDDwNju87fXm68cJg5rlOBs5q8DAfBgNV
HSMEGDAWgBRoDDwNju87fXm68cJg5rlOBs5q8DAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0kAMEYCIQChFzjY+1AZ/cTb7J/3AW94hfIqGEasQ+dpE1WDFV6k
MgIhAL/ZtSiGNLQZvWXGzqq59BhKBY1r4HAkc2oVrbFLLuZz
-----END CERTIFICATE-----
";

/// A station's id.
pub fn station(agency: &str, n: usize) -> String {
    format!("{agency}-{n:04}")
}

/// A telemetry station's address: ten digits.
pub fn address(n: usize) -> String {
    format!("00{:08}", 44_070_000 + n)
}

/// A hospital's id.
pub fn hospital(n: usize) -> String {
    format!("H{n:02}")
}

/// A unit's id.
pub fn unit(n: usize) -> String {
    format!("unit-{n:03}")
}

/// The uid of a unit's device.
pub fn uid(n: usize) -> String {
    format!("TAK-{n:03}")
}

/// Where the `n`-th of anything is, degrees.
pub fn place(n: usize) -> (f64, f64) {
    (112.6 + (n % 80) as f64 * 0.01, 22.1 + (n / 80 % 80) as f64 * 0.01)
}

/// Datastreams of a city of this size that send once a minute.
pub fn datastreams(size: Tenths) -> usize {
    let plain: usize = STATIONS.iter().map(|(_, _, count, _)| count * OF_STATION.len()).sum();
    (plain + RTUS * OF_RTU.len()) * size
}

/// Writes the city's folder.
///
/// # Errors
/// What the file system says.
pub fn write(folder: &Path, size: Tenths) -> io::Result<()> {
    let put = |name: &str, text: &str| {
        let file = folder.join(name);
        file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(file, text)
    };
    put("city.toml", CITY)?;
    put("agencies.toml", &agencies())?;
    put("zones.geojson", ZONES)?;
    put(&format!("cap/{SIGNING}.pem"), CERTIFICATE)?;
    put("hazards/discharge.toml", DISCHARGE)?;
    let (stations, datastreams) = registry(size);
    put("stations.csv", &stations)?;
    put("datastreams.csv", &datastreams)?;
    let mut hospitals = "id,name,name_en,agency,lon,lat,beds,icu_beds\n".to_owned();
    for n in 0..HOSPITALS * size {
        let (id, (lon, lat)) = (hospital(n), place(n * 7));
        // Writing into a text does not fail.
        let _ = writeln!(hospitals, "{id},{id}(虚构),{id},health,{lon:.4},{lat:.4},400,40");
    }
    put("hospitals.csv", &hospitals)?;
    let mut units = "id,name,name_en,kind,agency,lon,lat,people,cot_uid\n".to_owned();
    for n in 0..(UNITS.0 + UNITS.1) * size {
        let (id, uid, (lon, lat)) = (unit(n), uid(n), place(n * 3));
        let _ = writeln!(units, "{id},{id}(虚构),{id},boat,emergency,{lon:.4},{lat:.4},6,{uid}");
    }
    put("units.csv", &units)
}

fn agencies() -> String {
    let mut text = String::new();
    let mut add = |id: &str, more: &str| {
        let _ = writeln!(text, "[[agency]]\nid = \"{id}\"\nname = \"{id}(虚构)\"\n{more}");
    };
    for (id, ..) in STATIONS {
        add(id, "");
    }
    add(RTU_OWNER, "");
    for id in OTHERS {
        let more = match id {
            "office" | "quake" => "official_signals = true",
            "emergency" => "coordinates = \"wgs84\"",
            _ => "",
        };
        add(id, more);
    }
    add(SIGNING, "official_signals = true");
    add(HASTY, "rate_per_s = 1\ndatastreams_max = 1");
    text
}

fn registry(size: Tenths) -> (String, String) {
    let mut stations =
        "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from,sl651\n".to_owned();
    let mut streams =
        "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n".to_owned();
    let mut at = 0;
    let mut add = |agency: &str, id: &str, address: &str, properties: &[&str]| {
        let (lon, lat) = place(at);
        at += 1;
        let _ = writeln!(stations, "{id},{id},{id},{agency},{lon:.4},{lat:.4},local,,,{address}");
        for property in properties {
            let max = if *property == "water_level" { LEVEL_MAX_M.to_string() } else { "".into() };
            let _ = writeln!(streams, "{id},{property},60,,{max},,,");
        }
    };
    for (agency, _, count, _) in STATIONS {
        (0..count * size).for_each(|n| add(agency, &station(agency, n), "", &OF_STATION));
    }
    (0..RTUS * size).for_each(|n| add(RTU_OWNER, &station(RTU_OWNER, n), &address(n), &OF_RTU));
    add(HASTY, &station(HASTY, 0), "", &OF_STATION);
    (stations, streams)
}

const CITY: &str = "name = \"一日城(虚构)\"\nname_en = \"Daytown (fictional)\"\n\
    time_zone = \"Asia/Shanghai\"\nfictional = true\nfuture_tolerance_s = 120\n\
    silent_after_intervals = 3\n[sl651]\nagency = \"river\"\nanswer = \"stay\"\n\
    [cot]\nagency = \"emergency\"\n";

const DISCHARGE: &str = "hazard = \"discharge\"\nsource = \"city policy\"\n\
    [[threshold]]\nlevel = \"yellow\"\nat_least = 300.0\n\
    [[threshold]]\nlevel = \"red\"\nat_least = 800.0\n";

const ZONES: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"440700","name":"一日城","name_en":"Daytown","kind":"city"},"geometry":{"type":"Polygon","coordinates":[[[112.5,22.0],[113.5,22.0],[113.5,23.0],[112.5,23.0],[112.5,22.0]]]}}]}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_city_has_ten_thousand_datastreams_and_is_read_without_fault() {
        assert_eq!(datastreams(WHOLE), 10_000);
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), WHOLE).unwrap();
        let city = domain::city::City::read(&crate::city::files(folder.path()).unwrap()).unwrap();
        assert_eq!(city.hospitals.len(), 40);
        assert_eq!(city.units.len(), 200);
        assert_eq!(city.datastreams.len(), 10_000 + OF_STATION.len());
    }
}
