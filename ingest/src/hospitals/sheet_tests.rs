//! A desk's sheet as spreadsheets really write it.

use domain::facility::{BedType, HospitalReport};
use domain::report::EmergencyTraffic;
use domain::time::UtcMs;
use proptest::prelude::*;

use super::super::decode::hospital;
use super::super::headings::{BEDS, CHINESE, FIGURES, column};
use super::*;

/// 北京时间.
const EAST: i32 = 8 * 3600;

fn read(table: &[u8]) -> Vec<Result<HospitalReport, Why>> {
    let of = |said: Said<'_>| {
        said.read.map(|report| match report {
            Report::Facility(said) => said,
            other => panic!("{other:?}"),
        })
    };
    said(table, EAST).unwrap().into_iter().map(of).collect()
}

fn whole(table: &[u8]) -> Why {
    said(table, EAST).map(|_| ()).unwrap_err()
}

#[test]
fn a_sheet_that_excel_saved_is_read() {
    // "CSV UTF-8": a mark, CRLF, quotes with commas, quotes and a line's end in them, an empty column
    // at the right and empty rows below, and the times as a sheet shows them.
    let table = "\u{feff}医院,时间,开放床位,占用床位,成人重症床位总数,成人重症床位可用,急诊状态,急诊原因,急诊状态有效至,批准人,救护车交接分钟,呼吸机可用,人员,备注,,\r\n\
        JM-H01,2026/9/11 22:05,400,380,44,4,closed,\"CT 停机, \"\"检修\"\"\",2026/9/12 6:00,市卫健局,45,6,adequate,\"第一行\n第二行\",,\r\n\
        JM-H02,2026-09-11 22:05:30,200,,,,normal,,,,,,,,,\r\n\
        ,,,,,,,,,,,,,,,\r\n,,,,,,,,,,,,,,,\r\n";
    let read = read(table.as_bytes());
    assert_eq!(read.len(), 2, "{read:?}");
    let first = read[0].as_ref().unwrap();
    let expected = r#"{"hospital":"JM-H01","t":"2026-09-11T22:05:00+08:00","beds":400,"beds_occupied":380,
        "bed_capacity":[{"type":"adult_icu","baseline":44,"available":4}],"traffic":"closed",
        "traffic_reason":"CT 停机, \"检修\"","traffic_until":"2026-09-12T06:00:00+08:00","traffic_approved_by":"市卫健局",
        "offload_minutes":45,"ventilators":{"available":6},"staffing":"adequate","note":"第一行\n第二行"}"#;
    assert_eq!(*first, hospital(expected.as_bytes()).unwrap());
    let second = read[1].as_ref().unwrap();
    assert_eq!(second.t, UtcMs::parse("2026-09-11T22:05:30+08:00").unwrap());
    assert_eq!((second.beds, second.traffic), (Some(200), Some(EmergencyTraffic::Normal)));
}

#[test]
fn what_is_wrong_in_a_sheet_says_what_to_do() {
    // GBK: 医院,时间
    let gbk = b"\xd2\xbd\xd4\xba,\xca\xb1\xbc\xe4\r\nH-1,2026/9/11 22:05\r\n";
    assert!(whole(gbk).detail.contains("save the sheet as \"CSV UTF-8\""), "{:?}", whole(gbk));
    let cell =
        b"hospital,t,beds,note\nH-1,2026/9/11 22:05,9,\xb1\xb8\xd7\xa2\nH-2,2026/9/11 22:05,9,\n";
    let rows = read(cell);
    assert!(rows[0].as_ref().unwrap_err().detail.contains("CSV UTF-8"));
    assert!(rows[1].is_ok(), "that row only");
    for (table, reason, said) in [
        ("", Reason::Syntax, "there is nothing here"),
        ("时间,备注\n1,x\n", Reason::MissingField, "missing column \"hospital\""),
        ("医院,时间,床\nH-1,1,1\n", Reason::UnknownField, "unknown column \"床\""),
        ("医院,hospital,t\nH-1,H-1,1\n", Reason::FieldForm, "\"hospital\" stands twice"),
        ("医院,开放床位\nH-1,1\n", Reason::MissingField, "missing column \"t\""),
        ("医院,时间\n", Reason::Syntax, "a header and no row"),
        ("医院,时间\n,\n", Reason::Syntax, "a header and no row"),
        ("医院;时间;开放床位\nH-1;1;1\n", Reason::UnknownField, "unknown column"),
    ] {
        let why = whole(table.as_bytes());
        assert_eq!(why.reason, reason, "{table}: {why:?}");
        assert!(why.detail.contains(said), "{table}: {why:?}");
    }
    for (row, reason, said) in [
        ("H-1,2026/9/11 22:05,约 9,", Reason::FieldForm, "no whole number"),
        ("H-1,2026/9/11 22:05,1.5,", Reason::FieldForm, "no whole number"),
        ("H-1,2026/9/31 22:05,9,", Reason::Time, "RFC 3339"),
        ("H-1,9/11/2026 22:05,9,", Reason::Time, "RFC 3339"),
        ("H-1,2026-09-11T22:05:00,9,", Reason::Time, "RFC 3339"),
        ("H-1,2026/9/11 22:05,9,看这里", Reason::UnknownField, "a column without a name"),
        ("H-1,2026/9/11 22:05,9", Reason::Syntax, "3 cells, the header 4"),
        (",2026/9/11 22:05,9,", Reason::MissingField, "hospital"),
    ] {
        let why = read(format!("医院,时间,开放床位,\n{row}\n").as_bytes()).remove(0).unwrap_err();
        assert_eq!(why.reason, reason, "{row}: {why:?}");
        assert!(why.detail.contains(said), "{row}: {why:?}");
    }
}

#[test]
fn every_heading_names_a_column() {
    for (chinese, name) in CHINESE {
        assert_eq!(column(chinese).as_deref(), Some(name));
        assert_eq!(column(name).as_deref(), Some(name), "it is a column itself");
    }
    assert!(BedType::ALL.iter().all(|kind| BEDS.iter().any(|(_, known)| known == kind)));
    for (chinese, kind) in BEDS {
        for (figure, name) in FIGURES {
            let wanted = format!("bed.{}.{name}", kind.wire());
            assert_eq!(column(&format!("{chinese}{figure}")).as_deref(), Some(&*wanted));
            assert_eq!(column(&wanted).as_deref(), Some(&*wanted));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..200, with in any::<u8>(), offset_s in any::<i32>()) {
        let _ = said(&body, offset_s);
        let mut table = "医院,t,beds,成人重症床位可用,traffic_until,note\r\n".as_bytes().to_vec();
        table.extend_from_slice(&body);
        let _ = said(&table, offset_s);
        let mut good = b"hospital,t,beds,traffic_until,note\r\nH-1,2026/9/11 22:05,9,2026-09-12 06:00:00,x\r\n".to_vec();
        let at = at.min(good.len() - 1);
        good[at] = with;
        let _ = said(&good, offset_s);
    }

    #[test]
    fn a_table_says_what_the_same_json_says(beds in 1u32..900, free in proptest::option::of(0u32..50), more in proptest::option::of(0u32..99), minutes in proptest::option::of(0u32..600), note in "[a-zA-Z中文,\"\n]{0,20}", ms in 1_700_000_000i64..1_800_000_000) {
        let t = UtcMs(ms * 1000);
        let (note, cell) = (note.trim().to_owned(), |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default());
        let quoted = note.replace('"', "\"\"");
        let table = format!(
            "hospital,t,beds,bed.burn.available,bed.burn.additional_72h,offload_minutes,note\r\nH-1,{},{beds},{},{},{},\"{quoted}\"\r\n",
            t.rfc3339(EAST), cell(free), cell(more), cell(minutes)
        );
        let mut json = serde_json::json!({ "hospital": "H-1", "t": t.0, "beds": beds });
        let mut put = |name: &str, value: serde_json::Value| {
            json[name] = value;
        };
        if free.is_some() || more.is_some() {
            let mut bed = serde_json::json!({ "type": "burn" });
            if let Some(free) = free { bed["available"] = free.into(); }
            if let Some(more) = more { bed["additional_72h"] = more.into(); }
            put("bed_capacity", serde_json::json!([bed]));
        }
        if let Some(minutes) = minutes { put("offload_minutes", minutes.into()); }
        if !note.is_empty() { put("note", note.into()); }
        prop_assert_eq!(read(table.as_bytes()), vec![hospital(json.to_string().as_bytes())]);
    }
}

#[test]
fn a_sheet_that_was_cut_off_within_quotes_loses_its_last_row_only() {
    let cut = b"hospital,t,beds,note\nH-1,2026/9/11 22:05,9,\"a \"\"b\"\", c\"\nH-2,2026/9/11 22:05,9,\"gas fo";
    let rows = read(cut);
    assert!(rows[0].is_ok(), "{rows:?}");
    let why = rows[1].as_ref().unwrap_err();
    assert_eq!(why.reason, Reason::Syntax);
    assert!(why.detail.contains("cut off"), "{why:?}");
    // A quote within an unquoted cell is one of its letters.
    let inch = b"hospital,t,beds,note\nH-2,2026/9/11 22:05,9,valve of 5\"";
    assert!(read(inch)[0].is_ok());
}
