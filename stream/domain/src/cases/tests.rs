use super::*;
use proptest::prelude::*;

fn count(day: &str, reported: i64, count: u32) -> CaseCount {
    CaseCount {
        agency: Some(AgencyId::new("cdc").unwrap()),
        day: day.parse().unwrap(),
        place: "440703".into(),
        syndrome: "ili".into(),
        age: AgeBand::All,
        sex: None,
        count,
        deaths: None,
        reported: UtcMs(reported),
    }
}

#[test]
fn a_day_and_an_age_survive_their_text_and_nothing_else_is_one() {
    for text in ["2026-06-11", "2000-01-01", "2199-12-31", "2024-02-29"] {
        assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
    }
    for text in
        ["2026-6-11", "2026-02-29", "1999-12-31", "2200-01-01", "20260611", "2026-06-11 ", "今天"]
    {
        assert!(text.parse::<Day>().is_err(), "{text}");
    }
    for text in ["all", "unknown", "0-4", "60+", "0-0", "5-14"] {
        assert_eq!(text.parse::<AgeBand>().unwrap().to_string(), text);
    }
    for text in ["", "4-0", "121+", "0-", "-4", "a-b", "+", "0-4-5", "+5", " 0-4"] {
        assert!(text.parse::<AgeBand>().is_err(), "{text}");
    }
    let midnight = UtcMs::parse("2026-06-11T00:00:00+08:00").unwrap();
    assert_eq!(Day::at(midnight, 8 * 3600).to_string(), "2026-06-11");
    assert_eq!(Day::at(midnight, 0).to_string(), "2026-06-10");
}

#[test]
fn a_later_report_corrects_and_the_same_again_is_known() {
    let mut book = Book::default();
    assert_eq!(book.take(&count("2026-06-11", 10, 12), 1), Taken::New);
    assert_eq!(book.take(&count("2026-06-11", 30, 15), 2), Taken::New);
    assert_eq!(book.take(&count("2026-06-11", 20, 13), 3), Taken::New, "heard late");
    assert_eq!(book.take(&count("2026-06-11", 20, 13), 4), Taken::Known(3));
    assert_eq!(book.take(&count("2026-06-11", 20, 14), 5), Taken::Contradicts(13));
    let (_, entry) = book.entries().next().unwrap();
    let counts: Vec<u32> = entry.revisions.iter().map(|r| r.count).collect();
    assert_eq!((counts, entry.standing().unwrap().count), (vec![12, 13, 15], 15));
    assert_eq!(book.reports().count(), 3);
    book.forget(|tag| *tag == 2);
    assert_eq!(book.entries().next().unwrap().1.standing().unwrap().count, 13);
}

#[test]
fn the_book_is_bounded_by_days_and_by_keys_and_a_day_leaves_whole() {
    let mut book = Book::default();
    book.take(&count("2026-01-01", 10, 1), ());
    book.take(&count("2026-06-11", 10, 2), ());
    assert_eq!(book.entries().count(), 1);
    assert_eq!(book.take(&count("2026-01-02", 10, 1), ()), Taken::TooOld);
    let mut book = Book::default();
    for (day, places) in [("2026-06-10", KEYS_MAX - 5), ("2026-06-11", 10)] {
        for n in 0..places {
            book.take(&CaseCount { place: format!("P-{n}"), ..count(day, 10, 1) }, ());
        }
    }
    assert_eq!(book.entries().count(), 10);
}

#[test]
fn every_code_is_an_id_and_stands_once() {
    let list = built_in();
    for (at, disease) in list.iter().enumerate() {
        assert_eq!(crate::ids::check(&disease.code), Ok(()));
        assert!(!list[..at].iter().any(|d| d.code == disease.code), "{}", disease.code);
    }
}

proptest! {
    #[test]
    fn the_order_of_arrival_leaves_no_trace(
        said in proptest::collection::btree_map((0i32..70, 0i64..6), 0u32..4, 1..30),
        order in any::<u64>(),
    ) {
        let reports: Vec<CaseCount> = said
            .iter()
            .map(|((day, at), n)| CaseCount { day: Day(20_000 + day), ..count("2026-06-11", *at, *n) })
            .collect();
        let mut shuffled = reports.clone();
        let mut state = order | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        let (mut straight, mut other) = (Book::default(), Book::default());
        reports.iter().for_each(|r| { straight.take(r, ()); });
        shuffled.iter().for_each(|r| { other.take(r, ()); });
        prop_assert_eq!(straight, other);
    }
}
