use domain::refusal::Reason;
use domain::time::UtcMs;
use domain::warning::{CapVersion, Certainty, WarningAct};
use proptest::prelude::*;

use super::decode::decode;
use super::faults::Faults;

const GOOD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>TEST-1</identifier><sender>qx@example.cn</sender><sent>2026-06-11T03:00:00+08:00</sent>
  <status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
  <info><language>zh-CN</language><category>Met</category><event>暴雨</event><responseType>Avoid</responseType>
    <urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>
    <effective>2026-06-11T03:00:00+08:00</effective><expires>2026-06-11T09:00:00+08:00</expires>
    <headline>暴雨橙色预警(虚构)</headline>
    <resource><resourceDesc>图</resourceDesc><mimeType>image/png</mimeType><size>10</size><uri>http://example.cn/a.png</uri><digest>da39a3ee5e6b4b0d3255bfef95601890afd80709</digest></resource>
    <area><areaDesc>试验镇</areaDesc><polygon>22.1,112.6 22.1,112.9 22.4,112.9 22.1,112.6</polygon><circle>22.2,112.7 5</circle>
      <geocode><valueName>GB/T 2260</valueName><value>440700</value></geocode><altitude>0</altitude><ceiling>900</ceiling></area>
  </info>
</alert>"#;

fn refused(text: &str) -> Faults {
    decode(text.as_bytes()).expect_err(text)
}

/// The message with one thing exchanged for another, which must be in it.
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

#[test]
fn a_message_is_read() {
    let read = decode(GOOD.as_bytes()).unwrap();
    assert_eq!(read.key.sent, UtcMs(1_781_118_000_000));
    let info = &read.infos[0];
    assert_eq!((info.event.as_str(), info.language.as_str()), ("暴雨", "zh-CN"));
    let area = &info.areas[0];
    assert_eq!(area.polygons[0][1], (112.9, 22.1), "longitude first inside");
    assert_eq!((area.circles[0].radius_km, area.geocodes[0].value.as_str()), (5.0, "440700"));
}

#[test]
fn prefixes_marks_comments_and_blank_optional_elements_change_nothing() {
    let plain = decode(GOOD.as_bytes()).unwrap();
    let prefixed = GOOD
        .replace("</", "</c:")
        .replace('<', "<c:")
        .replace("<c:/c:", "</c:")
        .replace("<c:?xml", "<?xml")
        .replace("xmlns=", "xmlns:c=");
    let marked = format!("\u{feff}{GOOD}");
    let blank = with(
        "<scope>Public</scope>",
        "<!-- c --><scope>Public</scope><restriction/><note> </note>",
    );
    let cdata = with("暴雨橙色预警(虚构)", "<![CDATA[暴雨橙色预警]]><!-- c -->(虚构)");
    for text in [prefixed, marked, blank, cdata, GOOD.replace('\n', "\r\n")] {
        assert_eq!(decode(text.as_bytes()).as_ref(), Ok(&plain), "{text}");
    }
}

#[test]
fn a_breach_of_the_schema_is_named_with_its_element() {
    let cases = [
        ("<status>Actual</status>", "", "alert/status: is missing"),
        (
            "<status>Actual</status>",
            "<status>actual</status>",
            "alert/status: \"actual\" is none of",
        ),
        ("<status>Actual</status>", "<status> Actual</status>", "alert/status"),
        (
            "<sender>qx@example.cn</sender>",
            "<sender>qx@example.cn</sender><sender>b</sender>",
            "alert/sender: stands more than once",
        ),
        (
            "<identifier>TEST-1</identifier><sender>qx@example.cn</sender>",
            "<sender>qx@example.cn</sender><identifier>TEST-1</identifier>",
            "alert/identifier: stands after sender",
        ),
        ("03:00:00+08:00</sent>", "03:00:00Z</sent>", "alert/sent"),
        ("03:00:00+08:00</sent>", "03:00:00</sent>", "alert/sent"),
        ("03:00:00+08:00</sent>", "03:00:00.5+08:00</sent>", "alert/sent"),
        ("2026-06-11T03:00:00+08:00</sent>", "2026-02-30T03:00:00+08:00</sent>", "alert/sent"),
        ("+08:00</sent>", "+15:00</sent>", "alert/sent"),
        ("<category>Met</category>", "", "alert/info[1]/category: is missing"),
        ("<severity>Severe</severity>", "<severity>Red</severity>", "alert/info[1]/severity"),
        ("<language>zh-CN</language>", "<language>中文</language>", "alert/info[1]/language"),
        ("<mimeType>image/png</mimeType>", "", "alert/info[1]/resource[1]/mimeType: is missing"),
        ("<size>10</size>", "<size>ten</size>", "alert/info[1]/resource[1]/size"),
        ("<altitude>0</altitude>", "<altitude>low</altitude>", "alert/info[1]/area[1]/altitude"),
        ("<areaDesc>试验镇</areaDesc>", "", "alert/info[1]/area[1]/areaDesc: is missing"),
        ("<scope>Public</scope>", "<scope>Public</scope><extra/>", "\"extra\""),
        (
            "<scope>Public</scope>",
            "<scope>Public</scope><x:a xmlns:x='urn:x'/>",
            "of another namespace",
        ),
        ("<scope>Public</scope>", "<scope a='1'>Public</scope>", "alert/scope: has an attribute"),
        ("<scope>Public</scope>", "<scope>Public</scope>text", "text between"),
    ];
    for (from, to, wanted) in cases {
        let faults = refused(&with(from, to));
        assert!(faults.to_string().contains(wanted), "{to}: {faults}");
        assert_eq!(faults.list[0].reason, Reason::CapSchema, "{to}");
    }
}

#[test]
fn a_breach_of_the_text_is_named_with_its_element() {
    let triple = "<references>qx@example.cn,TEST-0,2026-06-11T02:00:00+08:00</references>";
    let act = |act: &str, after: &str| {
        with("<msgType>Alert</msgType>", &format!("<msgType>{act}</msgType>"))
            .replace("<scope>Public</scope>", &format!("<scope>Public</scope>{after}"))
    };
    assert_eq!(decode(act("Update", triple).as_bytes()).unwrap().act, WarningAct::Update);
    for word in ["Update", "Cancel", "Ack", "Error"] {
        for none in ["", "<references/>", "<references> </references>"] {
            assert!(refused(&act(word, none)).to_string().contains("alert/references"));
        }
    }
    for bad in [
        "TEST-0",
        "a,b",
        "a,b,c",
        "a,b,2026-06-11T02:00:00Z",
        "a,b,2026-06-11T02:00:00+08:00,d",
        "a,b,2026-06-11T04:00:00+08:00",
        "qx@example.cn,TEST-1,2026-06-11T03:00:00+08:00",
    ] {
        let faults = refused(&act("Update", &format!("<references>{bad}</references>")));
        assert!(faults.to_string().contains("alert/references"), "{bad}: {faults}");
    }
    let polygon = "22.1,112.6 22.1,112.9 22.4,112.9 22.1,112.6";
    let long = |n: usize| "22.1,112.6 ".repeat(n);
    let cases = [
        ("<scope>Public</scope>", "<scope>Restricted</scope>", "alert/restriction"),
        (
            "<scope>Public</scope>",
            "<scope>Private</scope><addresses> </addresses>",
            "alert/addresses",
        ),
        ("<identifier>TEST-1<", "<identifier>TEST 1<", "alert/identifier"),
        ("<identifier>TEST-1<", "<identifier>TEST,1<", "alert/identifier"),
        ("<identifier>TEST-1<", "<identifier>TEST&amp;1<", "alert/identifier"),
        ("<identifier>TEST-1<", "<identifier/><!--<", "not well-formed"),
        ("<identifier>TEST-1<", "<identifier>TE<!--x-->ST-1<", "alert/identifier: has a comment"),
        ("<sender>qx@example.cn<", "<sender><", "alert/sender: is empty"),
        ("<event>暴雨</event>", "<event> </event>", "alert/info[1]/event: is empty"),
        (
            "2026-06-11T09:00:00+08:00</expires>",
            "2026-06-11T02:59:59+08:00</expires>",
            "expires: lies before sent",
        ),
        (
            "2026-06-11T09:00:00+08:00</expires>",
            "2036-06-11T09:00:00+08:00</expires>",
            "expires: lies more than",
        ),
        (
            "03:00:00+08:00</effective>",
            "10:00:00+08:00</effective>",
            "expires: lies before effective",
        ),
        (polygon, "22.1,112.6 22.1,112.9 22.1,112.6", "polygon[1]: has 3 points"),
        (polygon, "22.1,112.6 22.1,112.9 22.4,112.9 22.2,112.6", "polygon[1]: is not closed"),
        (polygon, "112.6,22.1 112.9,22.1 112.9,22.4 112.6,22.1", "latitude comes first"),
        (polygon, "22.1,112.6 22.4,112.9 22.1,112.9 22.4,112.6 22.1,112.6", "crosses"),
        (polygon, "22.1,112.6 22.1,NaN 22.4,112.9 22.1,112.6", "no decimal"),
        (polygon, "22.1,112.6 22.1,1e308 22.4,112.9 22.1,112.6", "no decimal"),
        (polygon, &long(11_000), "more than 10000 points"),
        ("22.2,112.7 5<", "22.2,112.7 1000000000<", "circle[1]: a radius"),
        ("22.2,112.7 5<", "22.2,112.7 -1<", "circle[1]: a radius"),
        ("22.2,112.7 5<", "22.2,112.7<", "circle[1]"),
        ("<altitude>0</altitude>", "", "ceiling: must not stand without altitude"),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "da39", "digest"),
        ("<size>10</size>", "<size>-1</size>", "size"),
    ];
    for (from, to, wanted) in cases {
        let faults = refused(&with(from, to));
        assert!(faults.to_string().contains(wanted), "{faults}");
    }
}

#[test]
fn every_fault_is_told_as_far_as_there_is_room() {
    let bad = with("<status>Actual</status>", "")
        .replace("<severity>Severe", "<severity>Red")
        .replace("22.2,112.7 5", "x");
    let faults = refused(&bad);
    assert_eq!(faults.list.len(), 3, "{faults}");
    let many = with("<category>Met</category>", &"<category>x</category>".repeat(200));
    let faults = refused(&many);
    assert_eq!((faults.list.len(), faults.more), (super::faults::FAULTS_MAX, 180));
}

#[test]
fn a_message_of_1_1_is_read_by_the_rules_of_1_1() {
    let old =
        GOOD.replace(":cap:1.2", ":cap:1.1").replace("<responseType>Avoid</responseType>", "");
    assert_eq!(decode(old.as_bytes()).unwrap().version, CapVersion::V1_1);
    let zulu = old.replace("2026-06-11T03:00:00+08:00</sent>", "2026-06-10T19:00:00.250Z</sent>");
    assert_eq!(decode(zulu.as_bytes()).unwrap().key.sent, UtcMs(1_781_118_000_250));
    let bare = old
        .replace("<mimeType>image/png</mimeType>", "")
        .replace(">0</altitude>", ">low</altitude>");
    assert!(decode(bare.as_bytes()).is_ok());
    assert!(refused(&GOOD.replace(":cap:1.2", ":cap:1.1")).to_string().contains("responseType"));
    assert!(
        refused(
            &GOOD
                .replace("urn:oasis:names:tc:emergency:cap:1.2", "http://www.incident.com/cap/1.0")
        )
        .to_string()
        .contains("1.0")
    );
}

#[test]
fn a_deprecated_word_is_read_for_what_it_stands_for() {
    let read = decode(with(">Likely<", ">Very Likely<").as_bytes()).unwrap();
    assert_eq!(read.infos[0].certainty, Certainty::Likely);
}

#[test]
fn the_calendar_is_kept() {
    let sent = |text: &str| {
        let text = format!("{text}</sent>");
        decode(
            GOOD.replace("2026-06-11T03:00:00+08:00</sent>", &text)
                .replace("2026-06-11T09", "2026-08-11T09")
                .as_bytes(),
        )
    };
    for (text, ms) in [
        ("2026-06-10T19:00:00-00:00", 1_781_118_000_000),
        ("2026-06-10T19:00:00+00:00", 1_781_118_000_000),
        ("2026-06-10T24:00:00+05:00", 1_781_118_000_000),
        ("2026-01-01T00:00:00+00:00", 1_767_225_600_000),
        ("2026-03-01T00:00:00+00:00", 1_772_323_200_000),
    ] {
        assert_eq!(sent(text).unwrap().key.sent, UtcMs(ms), "{text}");
    }
    assert!(sent("2026-02-29T00:00:00+00:00").is_err());
    assert!(sent("1899-01-01T00:00:00+00:00").is_err());
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn a_message_with_a_few_bytes_changed_gives_an_answer(at in 0usize..1_900, with in any::<u8>(), cut in 0usize..40) {
        let mut bytes = GOOD.as_bytes().to_vec();
        let at = at.min(bytes.len() - 1);
        bytes[at] = with;
        let _ = decode(&bytes);
        bytes.drain(at..(at + cut).min(GOOD.len()));
        let _ = decode(&bytes);
    }
}

#[test]
fn a_ceiling_lies_above_its_altitude() {
    let low = refused(&with("<altitude>0</altitude>", "<altitude>901</altitude>"));
    assert!(low.to_string().contains("900 lies below the altitude 901"), "{low}");
    decode(with("<altitude>0</altitude>", "<altitude>900</altitude>").as_bytes()).unwrap();
}

#[test]
fn what_a_message_carries_is_base64_and_what_its_digest_is_of() {
    // printf hello | sha1sum; printf hello | base64
    let (digest, hello) = ("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", "aGVs\n bG8=");
    let carried = |content: &str, digest: &str| {
        with(
            "<uri>http://example.cn/a.png</uri><digest>da39a3ee5e6b4b0d3255bfef95601890afd80709</digest>",
            &format!("<derefUri>{content}</derefUri>{digest}"),
        )
    };
    let said = |digest: &str| format!("<digest>{digest}</digest>");
    for good in [said(digest), said(&digest.to_uppercase()), String::new()] {
        let read = decode(carried(hello, &good).as_bytes()).unwrap();
        assert!(read.infos[0].resources[0].has_content);
    }
    let other = refused(&carried(hello, &said("da39a3ee5e6b4b0d3255bfef95601890afd80709")));
    assert!(other.to_string().contains("is not what the digest is of"), "{other}");
    assert_eq!(other.list[0].reason, Reason::CapRule);
    let none = refused(&carried("***", ""));
    assert!(none.to_string().contains("derefUri: is not base64"), "{none}");
}

/// One thing changed in a good message, and whether it may be: the table of CAP 1.2, clause by clause.
#[test]
fn each_clause_has_its_verdict() {
    const ID: &str = "<identifier>TEST-1</identifier>";
    const SENT: &str = "<sent>2026-06-11T03:00:00+08:00</sent>";
    const RING: &str = "<polygon>22.1,112.6 22.1,112.9 22.4,112.9 22.1,112.6</polygon>";
    const CIRCLE: &str = "<circle>22.2,112.7 5</circle>";
    const CODE: &str = "<value>440700</value>";
    const EXPIRES: &str = "<expires>2026-06-11T09:00:00+08:00</expires>";
    const SIZE: &str = "<size>10</size>";
    const EVENT: &str = "<event>暴雨</event>";
    let (good, bad) = (true, false);
    let cases: &[(&str, &str, bool)] = &[
        (ID, "", bad),
        (ID, "<identifier/>", bad),
        (ID, "<identifier>A 1</identifier>", bad),
        (ID, "<identifier>A,1</identifier>", bad),
        (ID, "<identifier>A&lt;1</identifier>", bad),
        (ID, "<identifier>A<!--x-->1</identifier>", bad),
        (ID, "<identifier>A</identifier><identifier>B</identifier>", bad),
        (SENT, "<sent>2026-06-10T19:00:00Z</sent>", bad),
        (SENT, "<sent>2026-06-11T03:00:00</sent>", bad),
        (SENT, "<sent>2026-06-11T03:00:00.5+08:00</sent>", bad),
        (SENT, "<sent>2026-02-30T03:00:00+08:00</sent>", bad),
        (SENT, "<sent>2026-06-10T19:00:00-00:00</sent>", good),
        ("<status>Actual</status>", "", bad),
        ("<status>Actual</status>", "<status>actual</status>", bad),
        ("<status>Actual</status>", "<status>Draft</status>", good),
        ("<msgType>Alert</msgType>", "<msgType>Update</msgType>", bad),
        ("<msgType>Alert</msgType>", "<msgType>Withdraw</msgType>", bad),
        ("<scope>Public</scope>", "", bad),
        ("<scope>Public</scope>", "<scope>Restricted</scope>", bad),
        ("<scope>Public</scope>", "<scope>Restricted</scope><restriction>x</restriction>", good),
        ("<scope>Public</scope>", "<scope>Private</scope><addresses/>", bad),
        ("<scope>Public</scope>", "<scope>Private</scope><addresses>a@b</addresses>", good),
        ("<language>zh-CN</language>", "", good),
        // Of an empty element the schema's default holds, en-US; white space is content.
        ("<language>zh-CN</language>", "<language/>", good),
        ("<language>zh-CN</language>", "<language></language>", good),
        ("<language>zh-CN</language>", "<language> </language>", bad),
        ("<language>zh-CN</language>", "<language>zh_CN</language>", bad),
        ("<category>Met</category>", "", bad),
        ("<category>Met</category>", "<category>Met</category><category>Geo</category>", good),
        ("<category>Met</category>", "<category>Weather</category>", bad),
        (EVENT, "", bad),
        (EVENT, "<event> </event>", bad),
        (EVENT, "<event><![CDATA[<b> & c]]></event>", good),
        (EVENT, "<event>&nbsp;</event>", bad),
        (EVENT, "<event>&#0;</event>", bad),
        ("<severity>Severe</severity>", "<severity>Red</severity>", bad),
        ("<certainty>Likely</certainty>", "<certainty>Very Likely</certainty>", good),
        (EXPIRES, "", good),
        (EXPIRES, "<expires>2026-06-11T02:00:00+08:00</expires>", bad),
        (EXPIRES, "<expires>2036-06-11T02:00:00+08:00</expires>", bad),
        (EXPIRES, "<foo>1</foo>", bad),
        (EXPIRES, "<f:foo xmlns:f=\"urn:x\">1</f:foo>", bad),
        ("<mimeType>image/png</mimeType>", "", bad),
        (SIZE, "<size>-1</size>", bad),
        (SIZE, "<size>big</size>", bad),
        (RING, "", good),
        (RING, "<polygon>22.1,112.6 22.1,112.9 22.4,112.9</polygon>", bad),
        (RING, "<polygon>22.1,112.6 22.1,112.9 22.4,112.9 22.2,112.6</polygon>", bad),
        (RING, "<polygon>22,113 23,114 22,114 23,113 22,113</polygon>", bad),
        (RING, "<polygon>112.6,22.1 112.9,22.1 112.9,22.4 112.6,22.1</polygon>", bad),
        (RING, "<polygon>22.1, 112.6 22.1, 112.9 22.4, 112.9 22.1, 112.6</polygon>", bad),
        (RING, "<polygon>22,179 22,-179 23,-179 23,179 22,179</polygon>", good),
        (CIRCLE, "<circle>22.2,112.7 0</circle>", good),
        (CIRCLE, "<circle>22.2,112.7</circle>", bad),
        (CIRCLE, "<circle>22.2,112.7 -1</circle>", bad),
        (CIRCLE, "<circle>22.2,112.7 1e9</circle>", bad),
        (CIRCLE, "<circle>NaN,112.7 1</circle>", bad),
        (CODE, "", bad),
        ("<areaDesc>试验镇</areaDesc>", "", bad),
        ("<altitude>0</altitude>", "", bad),
        ("<altitude>0</altitude>", "<altitude>high</altitude>", bad),
        ("</alert>", "</alert><x/>", bad),
        ("</alert>", "", bad),
    ];
    for (from, to, good) in cases {
        let read = decode(with(from, to).as_bytes());
        assert_eq!(read.is_ok(), *good, "{from} -> {to}: {read:?}");
    }
}
