//! A station's datum, place and owner are those of the instant that is judged: a row of the files that
//! begins later changes nothing before it does.

use crate::recompute::all_agree;
use crate::support::{HOUR, MIN, RAIN, START, Town, run};

const HEAD: &str = "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\n";

/// The instant of the second epoch, six hours on.
const LATER: &str = "2026-06-11T06:00:00Z";

/// A gauge whose stages are in one datum and, from six hours on, in another; each with its offset.
fn river(first: &str, then: &str, thresholds: &str) -> Town {
    Town::default()
        .file(
            "stations.csv",
            &format!("{HEAD}S,S,S,hyd,112.1,22.1,{first},\nS,S,S,hyd,112.1,22.1,{then},{LATER}\n"),
        )
        .file(
            "datastreams.csv",
            "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n\
             S,water_level,600,,,,,\n",
        )
        .hazard(
            "river_stage",
            &format!("hazard = \"river_stage\"\nsource = \"city policy\"\n{thresholds}"),
        )
}

fn alerts(town: &Town, stages: impl Fn(i64) -> f64) -> Vec<String> {
    let stream = town.stream("S", "water_level");
    let mut story = town.story();
    for minute in (0..12 * 60).step_by(10) {
        story.at(stream, START + minute * MIN, stages(minute));
    }
    all_agree(town, &story);
    let rows = run(&story).rows("river_stage", "S");
    rows.into_iter().filter(|row| row.starts_with("alert")).collect()
}

#[test]
fn a_mark_is_compared_in_the_datum_that_holds_at_the_instant() {
    const MARK: &str =
        "[[threshold]]\nlevel = \"yellow\"\nat_least = 3.8\ndatum = \"1985\"\nstation = \"S\"\n";
    let town = river("1985,0", "pearl_river,0.557", MARK);
    // 3.5 m in 1985 are 2.943 m in the Pearl River datum: below the mark in both.
    assert_eq!(alerts(&town, |minute| if minute < 360 { 3.5 } else { 2.943 }), [""; 0]);
    // 3.243 m in the Pearl River datum are 3.8 m in 1985, where 3.243 m are none.
    assert_eq!(alerts(&town, |_| 3.25), ["alert.raised yellow<-none @360"]);
    // And 3.85 m were over the mark before.
    let over = alerts(&town, |minute| if minute < 360 { 3.85 } else { 2.9 });
    assert_eq!(over, ["alert.raised yellow<-none @0", "alert.cleared none<-yellow @360"]);
}

#[test]
fn a_change_of_datum_is_no_rise() {
    const RISE: &str = "[[threshold]]\nlevel = \"orange\"\nat_least = 0.4\nrate_per_h = true\nwindow_h = 1\n\
        [[threshold]]\nlevel = \"red\"\nat_least = 90.0\ndatum = \"1985\"\nstation = \"S\"\n";
    let town = river("pearl_river,0.557", "1985,0", RISE);
    // The same water: 0.557 m more by the other zero.
    assert_eq!(alerts(&town, |minute| if minute < 360 { 2.0 } else { 2.557 }), [""; 0]);
    let rises = alerts(&town, |minute| 2.0 + (minute - 480).max(0) as f64 / 60.0 * 0.5);
    assert_eq!(
        rises.first().map(String::as_str),
        Some("alert.raised orange<-none @530"),
        "{rises:?}"
    );
}

#[test]
fn a_station_counts_where_it_stands_and_for_whose_it_is() {
    let rows = format!(
        "{HEAD}R,R,R,met,112.1,22.1,,,\nR,R,R,hyd,112.3,22.3,,,{LATER}\n\
         M,M,M,met,112.05,22.05,,,\nM2,M2,M2,met,112.06,22.06,,,\nH,H,H,hyd,112.35,22.35,,,\n"
    );
    let streams: String =
        ["R", "M", "M2", "H"].iter().map(|s| format!("{s},rainfall,300,,,,,\n")).collect();
    let head = "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\n";
    let town = Town::default()
        .file("stations.csv", &rows)
        .file("datastreams.csv", &format!("{head}{streams}"))
        .hazard("rainfall", RAIN);
    let mut story = town.story();
    for minute in (0..9 * 60).step_by(5) {
        let t = START + minute * MIN;
        for (station, mm) in [("R", 12.0), ("M", 0.0), ("M2", 0.0), ("H", 0.0)] {
            let (wet, heard) = match station {
                "R" => ((60..90).contains(&minute) || (450..480).contains(&minute), minute < 480),
                "H" => (false, minute < 480),
                _ => (false, true),
            };
            if heard {
                story.at(town.stream(station, "rainfall"), t, if wet { mm } else { 0.0 });
            }
        }
    }
    let told = run(&story);
    let raised = |zone: &str| {
        let rows = told.rows("rainfall", zone);
        rows.into_iter()
            .filter(|row| row.starts_with("assessment ") && row.contains("<-none"))
            .count()
    };
    let of_hour = |zone: &str, hours: std::ops::Range<i64>| {
        told.decisions.iter().any(|d| {
            let t = domain::time::UtcMs::parse(&d.t).expect("a time").0;
            let within = (START + hours.start * HOUR..START + hours.end * HOUR).contains(&t);
            d.place == zone && d.hazard == "rainfall" && d.level == "red" && within
        })
    };
    assert!(raised("449901001") > 0 && raised("449902002") > 0);
    assert!(of_hour("449901001", 1..3) && !of_hour("449902002", 1..3), "it stood in the west");
    assert!(of_hour("449902002", 7..9) && !of_hour("449901001", 7..9), "it stands in the east");
    // Two of the river office's two are not heard from minute 480 on; the weather office's are.
    let feeds: Vec<String> = told
        .decisions
        .iter()
        .filter(|d| d.hazard == "feed")
        .map(|d| format!("{} {}", d.kind.wire(), d.place))
        .collect();
    assert_eq!(feeds, ["feed.silent agency:hyd"]);
}
