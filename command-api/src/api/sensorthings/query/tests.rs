//! Any text has an answer, and what is printed reads back as the same.

use proptest::prelude::*;

use super::ast::{Expr, Function, Literal, Op, time_text};
use super::options::{Expand, Options, plain};
use super::parse::filter;
use super::{DEPTH_MAX, NODES_MAX, QueryError};

fn shown(text: &str) -> String {
    filter(text).unwrap_or_else(|why| panic!("{text}: {why}")).to_string()
}

#[test]
fn operators_bind_as_the_standard_says() {
    let table = [
        ("a eq 1 or b eq 2 and c eq 3", "((a eq 1) or ((b eq 2) and (c eq 3)))"),
        ("a add 2 mul 3 gt 4 sub 1 sub 1", "((a add (2 mul 3)) gt ((4 sub 1) sub 1))"),
        ("not startswith(name,'x') and true", "(not (startswith(name,'x')) and true)"),
        ("not (a eq 1)", "not ((a eq 1))"),
        (
            "Datastream/ObservedProperty/name eq 'it''s'",
            "(Datastream/ObservedProperty/name eq 'it''s')",
        ),
        (
            "phenomenonTime ge 2026-06-11T03:05:00+08:00",
            "(phenomenonTime ge 2026-06-11T03:05:00+08:00)",
        ),
        (
            "phenomenonTime ge 2026-06-11T03:05:00 08:00",
            "(phenomenonTime ge 2026-06-11T03:05:00+08:00)",
        ),
        ("t lt 2026-06-10T19:05:00.5Z", "(t lt 2026-06-10T19:05:00.500Z)"),
        (
            "t eq 2026-06-10T19:00:00Z/2026-06-10T20:00:00Z",
            "(t eq 2026-06-10T19:00:00Z/2026-06-10T20:00:00Z)",
        ),
        (
            "date(t) eq 2026-06-11 and time(t) lt 03:05",
            "((date(t) eq 2026-06-11) and (time(t) lt 03:05:00))",
        ),
        ("t gt now() sub duration'P1DT1H'", "(t gt (now() sub duration'PT90000.000S'))"),
        ("a eq -1.5e3", "(a eq -1500)"),
        ("st_within(location,geography'POINT(1 2)')", "st_within(location,geography'POINT(1 2)')"),
        ("unitOfMeasurement/symbol ne null", "(unitOfMeasurement/symbol ne null)"),
    ];
    for (text, expected) in table {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_filter_is_said() {
    for text in [
        "",
        "eq",
        "a eq",
        "a eq 1)",
        "(a eq 1",
        "a b",
        "'open",
        "a eq 2026-13-01T00:00:00Z",
        "a eq 2026-06-11T03:05:00",
        "a eq 1e999",
        "length()",
        "length(a,b)",
        "a eq x'1'",
        "a//b",
        "#",
        "a eq 25:00:00",
        "a eq duration'P1M'",
        "a eq duration'P'",
        "a eq 2026-06-11T00:00:00Z/2026-06-10T00:00:00Z",
    ] {
        assert!(matches!(filter(text), Err(QueryError::Invalid(_))), "{text}: {:?}", filter(text));
    }
    assert!(matches!(filter("contains(a,'x')"), Err(QueryError::NotImplemented(_))));
    let deep = format!("{}1{}", "(".repeat(DEPTH_MAX + 1), ")".repeat(DEPTH_MAX + 1));
    assert!(filter(&deep).unwrap_err().to_string().contains("deeper"));
    let long = vec!["1 eq 1"; NODES_MAX].join(" and ");
    assert!(filter(&long).unwrap_err().to_string().contains("parts"));
}

#[test]
fn options_are_read_and_others_refused() {
    let query = "$filter=result%20gt%201&$top=5&$skip=10&$orderby=phenomenonTime%20desc,result&$count=true\
        &$select=result,phenomenonTime&$expand=Datastream($select=name;$expand=Thing/Locations),FeatureOfInterest";
    let options = Options::of_query(query).unwrap();
    assert_eq!((options.top, options.skip, options.count), (Some(5), Some(10), Some(true)));
    assert_eq!(options.orderby.len(), 2);
    assert_eq!(
        options.expand[0].to_string(),
        "Datastream($select=name;$expand=Thing($expand=Locations))"
    );
    assert_eq!(Options::of_query(&options.query()).unwrap(), options);
    for bad in [
        "$foo=1",
        "top=1",
        "$top=-1",
        "$top=1.5",
        "$top=x",
        "$count=1",
        "$top=1&$top=2",
        "$select=",
        "$expand=a(",
        "$expand=a($foo=1)",
        "$expand=a()",
        "$orderby=",
        "$filter=%zz",
        "$filter=%ff",
        "$resultFormat=csv",
    ] {
        assert!(matches!(Options::of_query(bad), Err(QueryError::Invalid(_))), "{bad}");
    }
}

fn literal() -> impl Strategy<Value = Literal> {
    let ms = 0i64..4_102_444_800_000;
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        (-1e15f64..1e15).prop_map(Literal::Number),
        (-1000i32..1000).prop_map(|n| Literal::Number(f64::from(n))),
        "[ -~é中'']{0,12}".prop_map(Literal::Text),
        (ms.clone(), -720i32..720).prop_map(|(ms, offset)| Literal::Time(ms, offset)),
        (ms.clone(), 0i64..1_000_000).prop_map(|(ms, length)| Literal::Interval(ms, ms + length)),
        (0i64..40_000).prop_map(Literal::Date),
        (0i64..86_400_000).prop_map(Literal::TimeOfDay),
        (-1_000_000_000i64..1_000_000_000).prop_map(Literal::Duration),
        Just(Literal::Shape("POINT(1 2)".into())),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        literal().prop_map(Expr::Literal),
        proptest::collection::vec("[a-zA-Z_@][a-zA-Z0-9_]{0,6}", 1..4).prop_map(|path| {
            // A word of the language is no name.
            Expr::Path(path.into_iter().map(|p| format!("x{p}")).collect())
        }),
    ];
    leaf.prop_recursive(4, 40, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| Expr::Not(Box::new(of))),
            (0..Op::ALL.len(), inner.clone(), inner.clone()).prop_map(|(op, a, b)| Expr::Binary(
                Op::ALL[op],
                Box::new(a),
                Box::new(b)
            )),
            (0..Function::ALL.len(), proptest::collection::vec(inner, 3)).prop_map(
                |(f, mut of)| {
                    let function = Function::ALL[f];
                    of.truncate(function.arguments().1);
                    Expr::Call(function, of)
                }
            ),
        ]
    })
}

fn options() -> impl Strategy<Value = Options> {
    let plain = (
        proptest::option::of(expr()),
        proptest::collection::vec((expr(), any::<bool>()), 0..3),
        proptest::option::of(0u64..100_000),
        proptest::option::of(0u64..100_000),
        proptest::option::of(any::<bool>()),
        proptest::collection::vec("[a-z]{1,5}(/[a-z]{1,5})?", 0..3),
        any::<bool>(),
    )
        .prop_map(|(filter, orderby, top, skip, count, select, data_array)| Options {
            filter,
            orderby,
            top,
            skip,
            count,
            select,
            expand: Vec::new(),
            data_array,
        });
    plain.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), inner).prop_map(|(mut outer, options)| {
            outer.expand = vec![Expand { name: "Thing".into(), options }];
            outer
        })
    })
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,80}") {
        let _ = filter(&text);
        let _ = Options::of_query(&text);
    }

    #[test]
    fn anything_that_looks_like_a_query_has_an_answer(
        text in "([$](filter|expand|top|select|orderby)=|&|;|,|\\(|\\)|'|a|/|not |eq | and |geo.length|1|2026-06-11|T03:05:00Z|%2|duration'PT1H'){0,24}",
    ) {
        let _ = filter(&text);
        let _ = Options::of_query(&text);
    }

    #[test]
    fn a_printed_filter_reads_back(of in expr()) {
        let text = of.to_string();
        if let Ok(read) = filter(&text) {
            prop_assert_eq!(read, of, "{}", text);
        } else {
            // Only a bound may stand in the way.
            let why = filter(&text).unwrap_err().to_string();
            prop_assert!(why.contains("deeper") || why.contains("parts"), "{}: {}", text, why);
        }
    }

    #[test]
    fn printed_options_read_back(of in options()) {
        let text = of.query();
        match Options::of_query(&text) {
            Ok(read) => prop_assert_eq!(read, of, "{}", text),
            Err(why) => {
                let why = why.to_string();
                prop_assert!(why.contains("deeper") || why.contains("parts") || why.contains("at most"), "{}: {}", text, why);
            }
        }
        prop_assert!(plain(&text).is_ok());
    }

    #[test]
    fn a_printed_time_reads_back(ms in 0i64..4_102_444_800_000, offset in -720i32..720) {
        let text = format!("t eq {}", time_text(ms, offset));
        let Expr::Binary(_, _, right) = filter(&text).unwrap() else { panic!("{text}") };
        prop_assert_eq!(*right, Expr::Literal(Literal::Time(ms, offset)));
    }
}
