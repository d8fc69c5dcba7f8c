use proptest::prelude::*;

use super::c14n::{self, Form};
use super::read::document;

const ROOM: usize = 1024 * 1024;

fn refused(text: &str) -> String {
    document(text.as_bytes(), ROOM).unwrap_err().said
}

#[test]
fn names_are_resolved_whatever_their_prefix() {
    for text in [
        r#"<a xmlns="urn:x"><b>1</b></a>"#,
        r#"<p:a xmlns:p="urn:x"><p:b>1</p:b></p:a>"#,
        "\u{feff}<?xml version='1.0' encoding='utf-8'?>\r\n<!-- c --><q:a xmlns:q='urn:x'><b xmlns='urn:x'><![CDATA[1]]></b></q:a>",
    ] {
        let read = document(text.as_bytes(), ROOM).unwrap();
        assert!(read.root.is("urn:x", "a"));
        let b = read.root.children().next().unwrap();
        assert!(b.is("urn:x", "b") && b.text() == "1");
    }
}

#[test]
fn what_makes_a_reader_work_for_its_sender_is_refused() {
    assert!(refused("<!DOCTYPE a><a/>").contains("DOCTYPE"));
    assert!(refused("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>").contains("DOCTYPE"));
    assert!(refused("<a>&b;</a>").contains("entity"));
    assert!(refused("<a b='&c;'/>").contains("entity"));
    assert!(refused("<a>&#0;</a>").contains("no character"));
    assert!(refused("<a>&#xFFFE;</a>").contains("no character"));
    assert!(refused("<a>\u{1}</a>").contains("control"));
    assert!(refused("<?xml version='1.0' encoding='UTF-16'?><a/>").contains("UTF-8"));
    assert!(refused("<?xml version='1.1'?><a/>").contains("1.0"));
    assert!(refused(&"<a>".repeat(200_000)).contains("deeper"));
    let many: String = (0..50_000).map(|n| format!(" a{n}='1'")).collect();
    assert!(refused(&format!("<a{many}/>")).contains("200 attributes"));
    let many: String = (0..50_000).map(|n| format!(" xmlns:a{n}='u'")).collect();
    assert!(refused(&format!("<a{many}/>")).contains("200 attributes"));
    assert!(refused(&format!("<a>{}</a>", "<b/>".repeat(60_000))).contains("elements"));
    let utf16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(document(&utf16, ROOM).is_err());
    assert!(document(&[0xff, 0xfe], ROOM).is_err());
    assert!(document(b"<a>1</a>", 4).is_err());
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in [
        "",
        "x",
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a b='1' b='2'/>",
        "<a b=1/>",
        "<a b='<'/>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<p:a/>",
        "<a p:b='1'/>",
        "<1a/>",
        "<a xmlns:p=''/>",
        "<a xmlns:xmlns='u'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<a>& b</a>",
        "<a b='& '/>",
        "<a><?xml version='1.0'?></a>",
        "<a/><![CDATA[x]]>",
        "<a/>&amp;",
        "<a:b:c xmlns:a='u'/>",
    ] {
        assert!(document(text.as_bytes(), ROOM).is_err(), "{text:?} was read");
    }
    assert_eq!(document(b"<a>\n\n<b></a>", ROOM).unwrap_err().line, 3);
}

#[test]
fn a_comment_inside_a_text_shows() {
    let read = document(b"<a>x<!--y-->z</a>", ROOM).unwrap();
    assert!(read.root.is_interrupted());
    assert_eq!(read.root.text(), "xz");
}

#[test]
fn the_canonical_form_is_that_of_the_recommendation() {
    // Canonical XML 1.0, 3.1 and 3.3, shortened: attributes sorted, empty elements written out,
    // references and CDATA resolved, comments gone, superfluous declarations gone.
    let text = "<?xml version=\"1.0\"?>\n<?s  href=\"x\" ?>\n<!-- c -->\n<doc>\n<e1   />\n<e5 xmlns:b=\"http://b\" a:attr=\"out\" b:attr=\"sorted\" attr2=\"all\" attr=\"I'm\" xmlns:a=\"http://a\" xmlns=\"http://d\"/>\n<e6 xmlns=\"\"><e7 xmlns=\"\"><![CDATA[<&\"]]>&#xD;</e7></e6></doc>\n<?e?>";
    let read = document(text.as_bytes(), ROOM).unwrap();
    let canonical = c14n::document(&read, &Form::Inclusive, &|_| false);
    let wanted = "<?s href=\"x\" ?>\n<doc>\n<e1></e1>\n<e5 xmlns=\"http://d\" xmlns:a=\"http://a\" xmlns:b=\"http://b\" attr=\"I'm\" attr2=\"all\" a:attr=\"out\" b:attr=\"sorted\"></e5>\n<e6><e7>&lt;&amp;\"&#xD;</e7></e6></doc>\n<?e?>";
    assert_eq!(String::from_utf8(canonical).unwrap(), wanted);
}

#[test]
fn the_exclusive_form_takes_what_is_used() {
    let text = "<n0:a xmlns:n0='u0' xmlns:n1='u1' xmlns='d'><n1:b c='1'><x/></n1:b></n0:a>";
    let read = document(text.as_bytes(), ROOM).unwrap();
    let b = read.root.children().next().unwrap();
    let shown = |form: &Form| String::from_utf8(c14n::element(b, &[&read.root], form)).unwrap();
    assert_eq!(
        shown(&Form::Exclusive(Vec::new())),
        "<n1:b xmlns:n1=\"u1\" c=\"1\"><x xmlns=\"d\"></x></n1:b>"
    );
    assert_eq!(
        shown(&Form::Exclusive(vec!["n0".into(), "#default".into()])),
        "<n1:b xmlns=\"d\" xmlns:n0=\"u0\" xmlns:n1=\"u1\" c=\"1\"><x></x></n1:b>"
    );
    assert_eq!(
        shown(&Form::Inclusive),
        "<n1:b xmlns=\"d\" xmlns:n0=\"u0\" xmlns:n1=\"u1\" c=\"1\"><x></x></n1:b>"
    );
}

#[test]
fn declarations_come_and_go_with_their_elements() {
    let text = "<a xmlns='d' xmlns:p='u'><b xmlns='' p:x='1'><c xmlns='d'/><p:c xmlns:p='w'/><p:c/></b><b xmlns:p='u' xmlns='d'/></a>";
    let read = document(text.as_bytes(), ROOM).unwrap();
    let shown = |form: &Form| String::from_utf8(c14n::document(&read, form, &|_| false)).unwrap();
    assert_eq!(
        shown(&Form::Inclusive),
        "<a xmlns=\"d\" xmlns:p=\"u\"><b xmlns=\"\" p:x=\"1\"><c xmlns=\"d\"></c><p:c xmlns:p=\"w\"></p:c><p:c></p:c></b><b></b></a>"
    );
    assert_eq!(
        shown(&Form::Exclusive(Vec::new())),
        "<a xmlns=\"d\"><b xmlns=\"\" xmlns:p=\"u\" p:x=\"1\"><c xmlns=\"d\"></c><p:c xmlns:p=\"w\"></p:c><p:c></p:c></b><b></b></a>"
    );
}

#[test]
fn lines_end_the_same_however_they_were_sent() {
    let text = "<?i a\n?><a xmlns='u' b='1\n2'>x\n<![CDATA[\n]]><b>&#13;</b>\n</a>";
    let plain = document(text.as_bytes(), ROOM).unwrap();
    let sent = text.replace('\n', "\r\n");
    assert_eq!(document(sent.as_bytes(), ROOM).unwrap(), plain);
    assert_eq!(document(text.replace('\n', "\r").as_bytes(), ROOM).unwrap(), plain);
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = document(&bytes, ROOM);
    }

    #[test]
    fn what_is_read_is_read_again_from_its_canonical_form(text in "(<a( b='[^<&']{0,4}')?>|</a>|[a-z&;#]{0,4}|<!--[a-z]{0,3}-->|<\\?p [a-z]{0,3}\\?>){0,12}") {
        if let Ok(read) = document(format!("<r>{text}</r>").as_bytes(), ROOM) {
            let once = c14n::document(&read, &Form::Inclusive, &|_| false);
            let again = document(&once, ROOM).unwrap();
            prop_assert_eq!(c14n::document(&again, &Form::Inclusive, &|_| false), once);
        }
    }
}
