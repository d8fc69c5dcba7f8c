//! What can be measured, and in which unit (UCUM) it is kept inside. A city may declare more.

use serde::{Deserialize, Serialize};

/// An observed property: its name on the wire and its unit inside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PropertyKind {
    /// The name on the wire: `rainfall`.
    pub name: &'static str,
    /// The UCUM unit values are kept in: `mm`.
    pub unit: &'static str,
    /// Whether a value belongs to the interval that ends at its time (rain), not to the instant.
    pub interval: bool,
    /// Physical limits: outside them a value cannot be true of any place on land or coast.
    pub plausible: (f64, f64),
    /// 中文 name for the console.
    pub name_zh: &'static str,
}

macro_rules! properties {
    ($($name:literal $unit:literal $interval:literal $min:literal $max:literal $zh:literal)*) => {
        /// Every property known without a city's own declarations.
        pub const PROPERTIES: &[PropertyKind] = &[$(PropertyKind {
            name: $name, unit: $unit, interval: $interval, plausible: ($min, $max), name_zh: $zh,
        }),*];
    };
}

properties! {
    "rainfall" "mm" true 0.0 500.0 "雨量"
    "rain_intensity" "mm/h" false 0.0 1000.0 "雨强"
    "water_level" "m" false -100.0 9000.0 "水位"
    "discharge" "m3/s" false -100000.0 500000.0 "流量"
    "inflow" "m3/s" false -1000.0 500000.0 "入库流量"
    "outflow" "m3/s" false -1000.0 500000.0 "出库流量"
    "storage" "Mm3" false 0.0 100000.0 "蓄水量"
    "tide_level" "m" false -15.0 20.0 "潮位"
    "wind_speed" "m/s" false 0.0 120.0 "平均风速"
    "wind_gust" "m/s" false 0.0 150.0 "阵风风速"
    "wind_direction" "deg" false 0.0 360.0 "风向"
    "air_temperature" "Cel" false -80.0 60.0 "气温"
    "relative_humidity" "%" false 0.0 100.0 "相对湿度"
    "visibility" "m" false 0.0 200000.0 "能见度"
    "pressure" "hPa" false 300.0 1100.0 "气压"
    "snow_depth" "cm" false 0.0 2000.0 "雪深"
    "soil_moisture" "%" false 0.0 100.0 "土壤含水量"
    "ponding_depth" "cm" false 0.0 1000.0 "积水深度"
    "pm2_5" "ug/m3" false 0.0 5000.0 "PM2.5"
    "gas_concentration" "ppm" false 0.0 1000000.0 "气体浓度"
    "ground_acceleration" "cm/s2" false 0.0 3000.0 "地面加速度"
    "battery" "V" false 0.0 100.0 "电池电压"
    "bed_occupancy" "%" false 0.0 200.0 "床位占用率"
    "emergency_waiting" "{people}" false 0.0 10000.0 "急诊候诊人数"
    "emergency_traffic" "1" false 0.0 3.0 "急诊接诊状态"
}

/// Finds a known property by its name on the wire.
pub fn find(name: &str) -> Option<&'static PropertyKind> {
    PROPERTIES.iter().find(|p| p.name == name)
}

/// Converts a value to the property's own unit: `Some(value)` where the pair is known.
///
/// Conversions are exact factors of the SI and of UCUM; degrees Fahrenheit and knots included,
/// since instruments send them.
pub fn convert(value: f64, from: &str, to: &str) -> Option<f64> {
    if from == to {
        return Some(value);
    }
    let scaled = |factor: f64| Some(value * factor);
    match (from, to) {
        ("cm", "mm") => scaled(10.0),
        ("m", "mm") | ("km", "m") => scaled(1000.0),
        ("m", "cm") => scaled(100.0),
        ("cm", "m") => scaled(0.01),
        ("mm", "m") => scaled(0.001),
        ("mm", "cm") => scaled(0.1),
        ("[in_i]", "mm") => scaled(25.4),
        ("[ft_i]", "m") => scaled(0.3048),
        ("cm/h", "mm/h") => scaled(10.0),
        ("mm/min", "mm/h") => scaled(60.0),
        ("L/s" | "l/s", "m3/s") => scaled(0.001),
        ("m3", "Mm3") => scaled(1e-6),
        ("km/h", "m/s") => Some(value / 3.6),
        ("[kn_i]", "m/s") => scaled(1852.0 / 3600.0),
        ("K", "Cel") => Some(value - 273.15),
        ("[degF]", "Cel") => Some((value - 32.0) / 1.8),
        ("Pa", "hPa") => scaled(0.01),
        ("kPa", "hPa") => scaled(10.0),
        ("mbar", "hPa") => Some(value),
        ("mg/m3", "ug/m3") => scaled(1000.0),
        ("m/s2", "cm/s2") => scaled(100.0),
        ("mV", "V") => scaled(0.001),
        ("1", "%") => scaled(100.0),
        ("rad", "deg") => Some(value.to_degrees()),
        _ => None,
    }
}

/// A property of a city's own, or a known one as the city writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredProperty {
    /// The name on the wire.
    pub name: String,
    /// UCUM.
    pub unit: String,
    /// See [`PropertyKind::interval`].
    #[serde(default)]
    pub interval: bool,
    /// Least plausible value.
    pub min: f64,
    /// Greatest plausible value.
    pub max: f64,
    /// 中文 name.
    #[serde(default)]
    pub name_zh: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_mix_up_is_refused_and_a_known_pair_converted() {
        assert_eq!(convert(2.0, "cm", "mm"), Some(20.0));
        assert_eq!(convert(36.0, "km/h", "m/s"), Some(10.0));
        assert_eq!(convert(1.0, "mm", "m/s"), None);
    }
}
