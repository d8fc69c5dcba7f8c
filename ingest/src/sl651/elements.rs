//! The elements of SL 651-2014 (annex C): the byte that leads one in HEX/BCD, its symbol in ASCII,
//! and what it is. Those marked in the README were checked on frames of real stations; the others
//! are from memory of the annex and to be verified against its text.

/// An element by its leading byte; one of the user's own is FF and a second byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element(pub u16);

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Its leading byte.
    pub lead: u8,
    /// Its symbol.
    pub symbol: &'static str,
    /// 中文 name.
    pub name: &'static str,
    /// The unit it is sent in, UCUM; empty where it is a number of its own.
    pub unit: &'static str,
}

macro_rules! elements {
    ($($lead:literal $symbol:literal $name:literal $unit:literal)*) => {
        /// Every element of one number.
        pub const ELEMENTS: &[Kind] = &[$(Kind {
            lead: $lead, symbol: $symbol, name: $name, unit: $unit,
        }),*];
    };
}

elements! {
    0x01 "AC" "断面面积" "m2"
    0x02 "AI" "气温" "Cel"
    0x03 "C" "水温" "Cel"
    0x05 "DT" "时段长" "h"
    0x06 "ED" "日蒸发量" "mm"
    0x07 "EJ" "当前蒸发" "mm"
    0x08 "FL" "气压" "hPa"
    0x09 "GH" "闸门开启高度" "m"
    0x0A "GN" "输水设备编号" ""
    0x0B "GS" "输水设备类别" ""
    0x0C "GT" "闸门开启孔数" ""
    0x0D "GTP" "地温" "Cel"
    0x0E "H" "地下水埋深" "m"
    0x0F "HW" "波浪高度" "m"
    0x10 "M10" "10cm 土壤含水量" "%"
    0x11 "M20" "20cm 土壤含水量" "%"
    0x12 "M30" "30cm 土壤含水量" "%"
    0x13 "M40" "40cm 土壤含水量" "%"
    0x14 "M50" "50cm 土壤含水量" "%"
    0x15 "M60" "60cm 土壤含水量" "%"
    0x16 "M80" "80cm 土壤含水量" "%"
    0x17 "M100" "100cm 土壤含水量" "%"
    0x18 "MST" "湿度" "%"
    0x19 "NS" "开机台数" ""
    0x1A "P1" "1h 时段降水量" "mm"
    0x1B "P2" "2h 时段降水量" "mm"
    0x1C "P3" "3h 时段降水量" "mm"
    0x1D "P6" "6h 时段降水量" "mm"
    0x1E "P12" "12h 时段降水量" "mm"
    0x1F "PD" "日降水量" "mm"
    0x20 "PJ" "当前降水量" "mm"
    0x21 "PN01" "1min 时段降水量" "mm"
    0x22 "PN05" "5min 时段降水量" "mm"
    0x23 "PN10" "10min 时段降水量" "mm"
    0x24 "PN30" "30min 时段降水量" "mm"
    0x25 "PR" "暴雨量" "mm"
    0x26 "PT" "降水量累计值" "mm"
    0x27 "Q" "瞬时流量" "m3/s"
    0x28 "Q1" "取(排)水口流量 1" "m3/s"
    0x29 "Q2" "取(排)水口流量 2" "m3/s"
    0x2A "Q3" "取(排)水口流量 3" "m3/s"
    0x2B "Q4" "取(排)水口流量 4" "m3/s"
    0x2C "Q5" "取(排)水口流量 5" "m3/s"
    0x2D "Q6" "取(排)水口流量 6" "m3/s"
    0x2E "Q7" "取(排)水口流量 7" "m3/s"
    0x2F "Q8" "取(排)水口流量 8" "m3/s"
    0x30 "QA" "总出库流量" "m3/s"
    0x31 "QZ" "输水设备流量" "m3/s"
    0x32 "SW" "输沙量" ""
    0x33 "UC" "风向" ""
    0x34 "UE" "风力" ""
    0x35 "US" "风速" "m/s"
    0x36 "VA" "断面平均流速" "m/s"
    0x37 "VJ" "瞬时流速" "m/s"
    0x38 "VT" "电源电压" "V"
    0x39 "Z" "瞬时河道水位、潮位" "m"
    0x3A "ZB" "库(闸、站)下水位" "m"
    0x3B "ZU" "库(闸、站)上水位" "m"
    0x3C "Z1" "取(排)水口水位 1" "m"
    0x3D "Z2" "取(排)水口水位 2" "m"
    0x3E "Z3" "取(排)水口水位 3" "m"
    0x3F "Z4" "取(排)水口水位 4" "m"
    0x40 "Z5" "取(排)水口水位 5" "m"
    0x41 "Z6" "取(排)水口水位 6" "m"
    0x42 "Z7" "取(排)水口水位 7" "m"
    0x43 "Z8" "取(排)水口水位 8" "m"
    0x44 "SQ" "含沙量" ""
    0x46 "PH" "pH 值" ""
    0x47 "DO" "溶解氧" "mg/L"
    0x48 "COND" "电导率" "uS/cm"
    0x49 "TURB" "浊度" ""
    0x4A "CODMN" "高锰酸盐指数" "mg/L"
    0x4B "REDOX" "氧化还原电位" "mV"
    0x4C "NH4N" "氨氮" "mg/L"
    0x4D "TP" "总磷" "mg/L"
    0x4E "TN" "总氮" "mg/L"
    0x4F "TOC" "总有机碳" "mg/L"
    0x57 "CHLA" "叶绿素 a" ""
    0x70 "VTA" "交流 A 相电压" "V"
    0x71 "VTB" "交流 B 相电压" "V"
    0x72 "VTC" "交流 C 相电压" "V"
    0x73 "VIA" "交流 A 相电流" "A"
    0x74 "VIB" "交流 B 相电流" "A"
    0x75 "VIC" "交流 C 相电流" "A"
}

/// Twelve rains of five minutes, tenths of a millimetre.
pub const DRP: Element = Element(0xF4);
/// Twelve levels over the gauge's base, five minutes apart, centimetres: the first of eight.
pub const DRZ1: Element = Element(0xF5);
/// The step of a uniform series.
pub(super) const STEP: u8 = 0x04;
/// State and alarms of the station, 32 bits.
pub(super) const STATUS: u8 = 0x45;
/// Before the time of observation, twice.
pub(super) const OBSERVED: u8 = 0xF0;
/// Before the station's address, twice.
pub(super) const STATION: u8 = 0xF1;
/// Before text entered by a person, twice.
pub(super) const MANUAL: u8 = 0xF2;
/// Before a picture, twice.
pub(super) const PICTURE: u8 = 0xF3;
/// Before a second byte: an element of the user's own.
pub(super) const OWN: u8 = 0xFF;

impl Element {
    /// The element with this leading byte.
    pub fn of(lead: u8) -> Self {
        Self(u16::from(lead))
    }
    /// One of the user's own.
    pub fn own(second: u8) -> Self {
        Self(u16::from_be_bytes([OWN, second]))
    }
    /// The element of this symbol.
    pub fn named(symbol: &str) -> Option<Self> {
        match symbol {
            "DRP" => return Some(DRP),
            "DRZ1" => return Some(DRZ1),
            _ => {}
        }
        if let Some(second) = symbol.strip_prefix("FF").filter(|s| s.len() == 2) {
            return u8::from_str_radix(second, 16).ok().map(Self::own);
        }
        let known = ELEMENTS.iter().find(|kind| kind.symbol.eq_ignore_ascii_case(symbol));
        known.map(|kind| Self::of(kind.lead))
    }
    /// What it is, where it is one number and known.
    pub fn kind(self) -> Option<&'static Kind> {
        ELEMENTS.iter().find(|kind| Self::of(kind.lead) == self)
    }
    /// Its bytes in HEX/BCD before the definition byte.
    pub(super) fn lead(self) -> Vec<u8> {
        match self.0.to_be_bytes() {
            [0, lead] => vec![lead],
            both => both.to_vec(),
        }
    }
}

impl std::fmt::Display for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (*self, self.kind()) {
            (DRP, _) => f.write_str("DRP"),
            (Element(lead @ 0xF5..=0xFC), _) => write!(f, "DRZ{}", lead - 0xF4),
            (_, Some(kind)) => f.write_str(kind.symbol),
            (Element(code), None) => write!(f, "{code:02X}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_datastream_may_name_is_an_element() {
        for symbol in domain::sl651::FEEDING {
            let element = Element::named(symbol).unwrap_or_else(|| panic!("{symbol}"));
            assert_eq!(element.to_string(), *symbol);
        }
    }

    #[test]
    fn no_element_stands_twice() {
        for (at, kind) in ELEMENTS.iter().enumerate() {
            let same = |other: &Kind| other.lead == kind.lead || other.symbol == kind.symbol;
            assert!(!ELEMENTS[at + 1..].iter().any(same), "{}", kind.symbol);
        }
    }
}
