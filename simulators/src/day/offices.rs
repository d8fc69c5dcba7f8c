//! What offices, hospitals and hotlines report: each kind with its resource, how often it comes, and
//! what can be wrong with it.

use domain::time::{HOUR_MS, MINUTE_MS, UtcMs};

use super::ledger::Expect::{self, Accepted, Duplicate, Quarantined, Refused};
use super::readings::YEAR_MS;
use super::shot::{Form, Request, Shot};
use super::town::{SIGNING, place, station};

pub(super) const JSON: &str = "application/json";
pub(super) const XML: &str = "application/xml";

/// A kind of report that comes from somewhere.
#[derive(Debug, Clone, Copy)]
pub struct Office {
    /// Whose it is.
    pub agency: &'static str,
    /// The resource.
    pub path: &'static str,
    /// The media type.
    pub media: &'static str,
    /// How often, seconds.
    pub every_s: f64,
    /// At most so many at one time.
    pub burst: u64,
    /// Writes the `n`-th.
    pub write: fn(n: u64, t: UtcMs) -> String,
    /// What can be wrong besides what can be wrong with anything: the change of a good one's text,
    /// and what must become of it.
    pub wrongs: &'static [Wrong],
}

/// A word, what is exchanged for what, and what must become of it.
pub(super) type Wrong = (&'static str, &'static str, &'static str, Expect);

/// What can be wrong with a JSON report of any kind.
const ANY: [&str; 7] = [
    "broken_json",
    "duplicate",
    "clock_ahead",
    "unknown_field",
    "media_type",
    "oversized",
    "stranger",
];
/// What can be wrong with a document of any kind.
const ANY_XML: [&str; 5] = ["xml_bomb", "broken_xml", "duplicate", "media_type", "oversized"];
/// What can be wrong with a table.
const ANY_TABLE: [&str; 2] = ["media_type", "oversized"];

macro_rules! situation {
    ($agency:literal, $path:literal, $every:literal, $burst:literal, $body:literal, $wrongs:expr) => {
        Office {
            agency: $agency,
            path: $path,
            media: JSON,
            every_s: $every,
            burst: $burst,
            write: |n, t| {
                let (lon, lat) = place(usize::try_from(n).unwrap_or(0));
                format!(
                    concat!(
                        r#"{{"id":"{}-{}","t":{},"text":"报告 {}(虚构)","lon":{:.4},"lat":{:.4},"#,
                        $body,
                        "}}"
                    ),
                    $agency, n, t.0, n % 1000, lon, lat
                )
            },
            wrongs: $wrongs,
        }
    };
}

/// The offices that are one each.
pub const OFFICES: &[Office] = &[
    situation!(
        "hotline",
        "/v1/reports/hotline",
        10.0,
        12,
        r#""class":"积水","people":3"#,
        &[
            ("out_of_range", "\"lat\":2", "\"lat\":9", Refused("out_of_range")),
            ("field_form", "\"people\":3", "\"people\":\"many\"", Refused("field_form")),
            ("missing_field", "\"id\":", "\"state\":\"open\",\"lid\":", Refused("unknown_field")),
        ]
    ),
    situation!(
        "emergency",
        "/v1/reports/calls",
        15.0,
        4,
        r#""service":"119","trapped":1"#,
        &[
            (
                "mixed_coordinates",
                "\"service\"",
                "\"crs\":\"bd09\",\"service\"",
                Refused("coordinates")
            ),
            ("field_form", "\"119\"", "\"911\"", Refused("field_form")),
        ]
    ),
    situation!(
        "utilities",
        "/v1/reports/outages",
        30.0,
        2,
        r#""households":120,"line":"10kV 甲线""#,
        &[("missing_half", "\"lon\":1", "\"crs\":\"wgs84\",\"xlon\":1", Refused("unknown_field")),]
    ),
    situation!(
        "emergency",
        "/v1/reports/closures",
        60.0,
        1,
        r#""road":"迎宾路","extent":"one_way""#,
        &[("missing_field", "\"迎宾路\"", "\"\"", Refused("missing_field")),]
    ),
    situation!(
        "utilities",
        "/v1/reports/hazard-points",
        120.0,
        1,
        r#""name":"甲点","hazard":"landslide""#,
        &[("field_form", "landslide", "dragon", Refused("field_form")),]
    ),
    situation!(
        "health",
        "/v1/reports/food",
        120.0,
        1,
        r#""act":"complaint","product":"饭盒""#,
        &[("field_form", "complaint", "gossip", Refused("field_form")),]
    ),
    situation!(
        "emergency",
        "/v1/reports/damage",
        60.0,
        1,
        r#""heading":"loss","affected":12,"crops_ha":1.5"#,
        &[("out_of_range", "1.5", "-1.5", Refused("out_of_range")),]
    ),
    Office {
        agency: "office",
        path: "/v1/reports/forecasts",
        media: JSON,
        every_s: 120.0,
        burst: 1,
        write: |n, t| {
            let (id, first) = (station("hydro", 0), t.plus_ms(HOUR_MS).0);
            format!(
                r#"{{"id":"forecast-{n}","t":{},"station":"{id}","property":"water_level","unit":"m","values":[{{"t":{first},"v":{}}}]}}"#,
                t.0,
                3.0 + (n % 100) as f64 / 100.0
            )
        },
        wrongs: &[
            ("unit", "\"m\"", "\"kg\"", Refused("unit")),
            ("unknown_station", "hydro-0000", "nowhere-1", Refused("unknown_station")),
        ],
    },
    Office {
        agency: "quake",
        path: "/v1/reports/earthquakes",
        media: JSON,
        every_s: 60.0,
        burst: 1,
        write: |n, t| {
            let (lon, lat) = place(usize::try_from(n).unwrap_or(0));
            format!(
                r#"{{"id":"quake-{n}-{0}","t":{0},"lon":{lon},"lat":{lat},"depth_km":10,"magnitude":2.1,"status":"automatic"}}"#,
                t.0
            )
        },
        wrongs: &[
            ("out_of_range", "2.1", "21", Refused("out_of_range")),
            ("identifier", "quake-", "quake ", Refused("identifier")),
        ],
    },
    Office {
        agency: "health",
        path: "/v1/reports/cases",
        media: JSON,
        every_s: 60.0,
        burst: 4,
        write: |n, t| {
            let day = t.plus_ms(-(1 + (n % 6) as i64) * 24 * HOUR_MS).rfc3339(8 * 3600);
            let day = day.get(..10).unwrap_or_default();
            format!(
                r#"{{"day":"{day}","place":"440700","syndrome":"influenza","age":"15-24","count":{},"deaths":0,"reported":{}}}"#,
                3 + n % 20,
                t.plus_ms(-(MINUTE_MS / 60)).0
            )
        },
        wrongs: &[
            (
                "personal_data",
                "\"age\"",
                "\"patient_name\":\"甲\",\"age\"",
                Refused("personal_data"),
            ),
            ("personal_data", "\"15-24\"", "\"13800138000\"", Refused("personal_data")),
            ("inconsistent", "\"deaths\":0", "\"deaths\":99", Refused("inconsistent")),
            ("unknown_place", "440700", "999999", Refused("unknown_station")),
            ("unknown_code", "influenza", "dancing", Refused("unknown_property")),
        ],
    },
    Office {
        agency: "emergency",
        path: "/v1/reports/units",
        media: JSON,
        every_s: 60.0,
        burst: 1,
        write: |n, t| {
            let (lon, lat) = place(usize::try_from(n).unwrap_or(0) % 4_000);
            format!(r#"{{"unit":"unit-000","t":{},"lon":{lon},"lat":{lat}}}"#, t.0)
        },
        wrongs: &[
            ("unknown_unit", "unit-000", "unit-999", Refused("unknown_unit")),
            (
                "impossible_report",
                "\"lon\"",
                "\"task\":\"T-99999\",\"report\":\"accept\",\"lon\"",
                Refused("impossible_report"),
            ),
        ],
    },
    Office {
        agency: "office",
        path: "/v1/warnings",
        media: JSON,
        every_s: 90.0,
        burst: 1,
        write: |n, t| {
            format!(
                r#"{{"id":"signal-{n}","issuer":"气象台(虚构)","act":"issue","kind":"暴雨","color":"blue","areas":["440700"],"t":{}}}"#,
                t.0
            )
        },
        wrongs: &[("field_form", "\"blue\"", "\"violet\"", Refused("field_form"))],
    },
    Office {
        agency: "office",
        path: "/v1/warnings",
        media: "application/cap+xml",
        every_s: 45.0,
        burst: 1,
        write: |n, t| cap("office", n, t),
        wrongs: &[
            ("cap_schema", "<status>Actual<", "<status>Real<", Refused("cap_schema")),
            ("cap_rule", "<msgType>Alert<", "<msgType>Update<", Refused("cap_rule")),
            ("cap_conflict", "暴雨", "大风", Refused("cap_conflict")),
        ],
    },
    Office {
        agency: SIGNING,
        path: "/v1/warnings",
        media: "application/cap+xml",
        every_s: 300.0,
        burst: 0,
        write: |n, t| cap(SIGNING, n, t),
        wrongs: &[("unsigned", "", "", Refused("signature"))],
    },
];

fn cap(sender: &str, n: u64, t: UtcMs) -> String {
    let second = |t: UtcMs| UtcMs(t.0 - t.0.rem_euclid(1_000)).rfc3339(8 * 3600);
    let (sent, expires) = (second(t), second(t.plus_ms(HOUR_MS)));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>DAY-{n}</identifier><sender>{sender}@example.cn</sender><sent>{sent}</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty><effective>{sent}</effective><expires>{expires}</expires><headline>预警(虚构)</headline><area><areaDesc>一日城</areaDesc><polygon>22.1,112.6 22.1,112.9 22.4,112.9 22.1,112.6</polygon></area></info></alert>"#
    )
}

/// An office at work.
#[derive(Debug)]
pub struct Desk {
    /// Which.
    pub office: Office,
    /// Reports so far.
    pub count: u64,
    /// The last good one.
    pub last: Option<String>,
}

impl Desk {
    fn any(&self) -> &'static [&'static str] {
        match self.office.media {
            JSON => &ANY,
            "text/csv" => &ANY_TABLE,
            _ => &ANY_XML,
        }
    }

    /// How many wrongs there are.
    pub fn wrongs(&self) -> usize {
        self.any().len() + self.office.wrongs.len()
    }

    fn text(&mut self, t: UtcMs) -> String {
        self.count += 1;
        (self.office.write)(self.count, t)
    }

    fn shot(&self, kind: &'static str, body: String, want: Expect) -> Shot {
        Shot::request(kind, self.office.path, self.office.media, body, want)
    }

    /// The next report.
    pub fn good(&mut self, t: UtcMs) -> Shot {
        let text = self.text(t);
        self.last = Some(text.clone());
        self.shot("report", text, Accepted)
    }

    /// A wrong one.
    pub fn wrong(&mut self, at: usize, t: UtcMs) -> Option<Shot> {
        let any = self.any();
        // A hospital's door has one word for what cannot be read, in whichever form.
        let is_have = self.office.path.ends_with("/hospital");
        let unread = Refused(if is_have { "syntax" } else { "xml" });
        if let Some((kind, from, to, want)) = at
            .checked_sub(any.len())
            .map(|at| self.office.wrongs.get(at).copied().unwrap_or(("", "", "", Accepted)))
        {
            let text = if kind == "cap_conflict" { self.last.clone()? } else { self.text(t) };
            debug_assert!(text.contains(from), "{from} in {text}");
            return Some(self.shot(kind, text.replacen(from, to, 1), want));
        }
        let kind = any.get(at).copied()?;
        let text = self.text(t);
        let with = |want: Expect, change: &dyn Fn(&mut Request)| {
            let mut shot = self.shot(kind, text.clone(), want);
            if let Form::Request(request) = &mut shot.form {
                change(request);
            }
            shot
        };
        Some(match kind {
            "broken_json" => self.shot(kind, "{".into(), Refused("syntax")),
            "broken_xml" => self.shot(kind, text.replacen("</", "</x", 1), unread),
            "xml_bomb" => {
                let bomb = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \
                    \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><a>&c;</a>";
                self.shot(kind, bomb.into(), unread)
            }
            "duplicate" => self.shot(kind, self.last.clone()?, Duplicate),
            "clock_ahead" => {
                let (now, ahead) = (t.0.to_string(), t.plus_ms(YEAR_MS).0.to_string());
                if !text.contains(&now) {
                    return None;
                }
                self.shot(kind, text.replace(&now, &ahead), Quarantined)
            }
            "unknown_field" => {
                let text = text.replacen('{', "{\"colour\":\"red\",", 1);
                self.shot(kind, text, Refused("unknown_field"))
            }
            "media_type" => with(Refused("syntax"), &|r| r.media = "text/plain"),
            "oversized" => with(Refused("too_large"), &|r| {
                r.states = Some(64 << 20);
                r.body = Vec::new();
            }),
            _ => {
                let mut shot = with(Accepted, &|r| r.token = Some(super::lines::NO_TOKEN));
                shot.expect = Vec::new();
                shot
            }
        })
    }
}
