//! Warnings over HTTP against the real server loop: rows 57 to 73 of the bad-input matrix, what is
//! taken once, and signatures, judged by `xmlsec1` too where it is installed.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use base64ct::{Base64, Encoding};
use domain::city::City;
use domain::record::Record;
use domain::report::Report;
use domain::warning::SignatureState;
use ingest::cap::schema::DSIG;
use ingest::http::server::Bounds;
use ingest::register::Register;
use ingest::xml::c14n::{self, Form};
use ingest::xml::read::document;
use rcgen::{CertificateParams, Issuer, KeyPair, SigningKey};
use sha2::{Digest, Sha256};
use support::{Answer, House, Served, files};

const CAP: (&str, &str) = ("Content-Type", "application/cap+xml");

fn message(id: &str) -> String {
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n<identifier>{id}</identifier><sender>qx@example.cn</sender>\
         <sent>2026-06-11T03:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>\
         <info><category>Met</category><event>暴雨</event><urgency>Immediate</urgency><severity>Severe</severity>\
         <certainty>Likely</certainty><expires>2026-06-11T09:00:00+08:00</expires><headline>&lt;script&gt;alert(1)&lt;/script&gt;</headline>\
         <area><areaDesc>试验镇</areaDesc><polygon>22.1,112.6 22.1,112.9 22.4,112.9 22.1,112.6</polygon></area></info></alert>"
    )
}

async fn town() -> (tempfile::TempDir, House, Served) {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let served = Served::start(&house, dir.path(), Bounds::default()).await;
    (dir, house, served)
}

async fn send(served: &Served, body: &str) -> Answer {
    served.post("/v1/warnings", "weather-secret", &[CAP], body.as_bytes()).await
}

fn counted(house: &House) -> (usize, usize) {
    let records = house.records();
    let warnings =
        records.iter().filter(|r| matches!(r, Record::Report { report: Report::Warning(_), .. }));
    let refused = records.iter().filter(|r| matches!(r, Record::Refused(_)));
    (warnings.count(), refused.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_is_taken_once_and_its_bytes_are_kept() {
    let (_dir, house, served) = town().await;
    let body = message("M1");
    for media in ["application/cap+xml", "application/xml; charset=utf-8", "text/xml"] {
        let answer = served
            .post("/v1/warnings", "weather-secret", &[("Content-Type", media)], body.as_bytes())
            .await;
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (200, &"actual".into()),
            "{answer:?}"
        );
        let first = media == "application/cap+xml";
        assert_eq!(answer.json()["accepted"], u64::from(first));
        assert_eq!(answer.json()["duplicate"], u64::from(!first));
    }
    // The same in other words of XML is the same; the same key with another content is not.
    let other = send(&served, &body.replace('\n', "<!-- c -->")).await;
    assert_eq!(other.json()["duplicate"], 1, "{other:?}");
    let other = send(&served, &body.replace("Severe", "Minor")).await;
    assert_eq!((other.status, other.reason()), (422, "cap_conflict".into()), "{other:?}");
    for status in ["Exercise", "Test", "Draft", "System"] {
        let apart = message(status).replace("Actual", status);
        let answer = send(&served, &apart).await;
        assert_eq!(answer.json()["status"], status.to_lowercase(), "{answer:?}");
    }
    assert_eq!(counted(&house), (5, 1));
    let kept = house.records().into_iter().find_map(|r| match r {
        Record::Report { report: Report::Warning(w), .. } => Some(w.original),
        _ => None,
    });
    assert_eq!(kept, Some(body.clone()));
    let stranger = served.post("/v1/warnings", "hydro-secret", &[CAP], body.as_bytes()).await;
    assert_eq!(stranger.status, 403);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_57_to_71_are_answered_as_promised() {
    let (_dir, house, served) = town().await;
    let good = message("M1");
    let root = "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">";
    let laughs = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    let many: String = (0..50_000).map(|n| format!(" a{n}='1'")).collect();
    let spaces: String = (0..50_000).map(|n| format!(" xmlns:a{n}='u'")).collect();
    let deep = format!("{root}{}{}</alert>", "<x>".repeat(20_000), "</x>".repeat(20_000));
    let late = good.replace("03:00:00+08:00</sent>", "04:00:00+08:00</sent>");
    let rows: Vec<(u8, String, u16, &str)> = vec![
        (57, format!("{laughs}{}", good.replace("暴雨", "&b;")), 400, "xml"),
        (
            58,
            format!(
                "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}",
                good.replace("暴雨", "&x;")
            ),
            400,
            "xml",
        ),
        (59, format!("<!DOCTYPE alert>{good}"), 400, "xml"),
        (60, good.replace("alert", "alarm"), 400, "cap_schema"),
        (60, good.replace("cap:1.2", "cap:1.3"), 400, "cap_schema"),
        (61, deep, 400, "xml"),
        (62, good.replace("<info>", &format!("<info{many}>")), 400, "xml"),
        (62, good.replace("<info>", &format!("<info{spaces}>")), 400, "xml"),
        (63, good.replace("<sender>", "<identifier>M2</identifier><sender>"), 400, "cap_schema"),
        (64, good.replace("<identifier>M1", "<identifier>M<!--x-->1"), 400, "cap_rule"),
        (65, good.replace("暴雨", "&#0;"), 400, "xml"),
        (66, format!("<?xml version='1.0' encoding='GBK'?>{good}"), 400, "xml"),
        (67, good.replace("<msgType>Alert", "<msgType>Update"), 400, "cap_rule"),
        (68, good.replace("09:00:00+08:00</expires>", "02:00:00+08:00</expires>"), 400, "cap_rule"),
        (
            68,
            good.replace(
                "2026-06-11T09:00:00+08:00</expires>",
                "2036-06-11T09:00:00+08:00</expires>",
            ),
            400,
            "cap_rule",
        ),
        (68, late, 422, "future_dated"),
        (69, good.replace("<status>Actual</status>", ""), 400, "cap_schema"),
        (
            70,
            good.replace("<polygon>", &format!("<polygon>{}", "22.1,112.6 ".repeat(11_000))),
            400,
            "cap_rule",
        ),
        (70, good.replace("22.4,112.9 22.1,112.6<", "22.4,112.9 22.1,112.7<"), 400, "cap_rule"),
        (
            70,
            good.replace(
                "22.1,112.6 22.1,112.9 22.4,112.9 22.1,112.6",
                "112.6,22.1 112.9,22.1 112.9,22.4 112.6,22.1",
            ),
            400,
            "cap_rule",
        ),
        (
            70,
            good.replace("</polygon>", "</polygon><circle>22,112 1000000000</circle>"),
            400,
            "cap_rule",
        ),
    ];
    let sent = rows.len();
    for (row, body, status, reason) in rows {
        let answer = send(&served, &body).await;
        assert_eq!(
            (answer.status, answer.reason().as_str()),
            (status, reason),
            "row {row}: {}",
            answer.body
        );
    }
    assert_eq!(counted(&house), (0, sent), "each is kept");
    // 71: named and never fetched; a resource that says it is huge is only words.
    let resource = "<resource><resourceDesc>x</resourceDesc><mimeType>a/b</mimeType><size>99999999999</size><uri>http://127.0.0.1:1/x</uri></resource><area>";
    let answer = send(&served, &good.replace("<area>", resource)).await;
    assert_eq!(answer.json()["accepted"], 1, "{answer:?}");
    // 73, 74: a replay is known; a text that looks like HTML is text (the console shows it as such).
    assert_eq!(send(&served, &good.replace("<area>", resource)).await.json()["duplicate"], 1);
    // Half a megabyte is taken.
    let long = message("M9").replace("暴雨", &"雨".repeat(180_000));
    assert_eq!(send(&served, &long).await.json()["accepted"], 1);
    served.end().await;
}

fn trusting(house: &House, pem: &str) {
    let mut files = files();
    files.insert("cap/weather.pem".into(), pem.as_bytes().to_vec());
    let city = City::read(&files).unwrap();
    let registry = city.registry(&[]);
    house.admission.configure(Arc::new(Register::of(&city, &registry)));
}

struct Signer {
    key: KeyPair,
    certificate: rcgen::Certificate,
}

impl Signer {
    fn new(last_year: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["qx.example.cn".into()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2025, 1, 1);
        params.not_after = rcgen::date_time_ymd(last_year, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        Self { key, certificate }
    }

    /// One whose certificate an authority has signed.
    fn issued(authority: &Issuer<'static, KeyPair>, last_year: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["qx.example.cn".into()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2025, 1, 1);
        params.not_after = rcgen::date_time_ymd(last_year, 1, 1);
        let certificate = params.signed_by(&key, authority).unwrap();
        Self { key, certificate }
    }

    /// The message with an enveloped signature.
    fn sign(&self, message: &str) -> String {
        self.sign_as(message, ("", ""), &|bytes| Sha256::digest(bytes).to_vec())
    }

    /// The same with another word in what is signed, and another digest: a signature that is good
    /// for who takes that.
    fn sign_as(
        &self,
        message: &str,
        (word, other): (&str, &str),
        digest: &dyn Fn(&[u8]) -> Vec<u8>,
    ) -> String {
        let digest = {
            let read = document(message.as_bytes(), 1 << 20).unwrap();
            let canonical = c14n::document(&read, &Form::Inclusive, &|_| false);
            Base64::encode_string(&digest(&canonical))
        };
        let certificate = Base64::encode_string(self.certificate.der());
        let signature = format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
             <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"/><ds:Reference URI=\"\"><ds:Transforms>\
             <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
             <ds:Transform Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"/></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>\
             <ds:SignatureValue>VALUE</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature></alert>"
        );
        let signature = if word.is_empty() { signature } else { signature.replace(word, other) };
        let whole = message.replace("</alert>", &signature);
        let read = document(whole.as_bytes(), 1 << 20).unwrap();
        let signature = read.root.all(DSIG, "Signature")[0];
        let info = read.root.all(DSIG, "SignedInfo")[0];
        let signed = c14n::element(info, &[&read.root, signature], &Form::Exclusive(Vec::new()));
        let value = fixed(&self.key.sign(&signed).unwrap());
        whole.replace("VALUE", &Base64::encode_string(&value))
    }
}

/// The two numbers of an ECDSA value of P-256, out of its DER.
fn fixed(der: &[u8]) -> Vec<u8> {
    let (mut rest, mut value) = (&der[2..], Vec::new());
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = &number[number.iter().take_while(|b| **b == 0).count()..];
        value.extend(std::iter::repeat_n(0, 32 - number.len()));
        value.extend_from_slice(number);
        rest = &rest[2 + length..];
    }
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn row_72_a_signature_is_good_or_the_message_is_refused() {
    let (_dir, house, served) = town().await;
    let (ours, stranger, old) = (Signer::new(2030), Signer::new(2030), Signer::new(2026));
    let trusted = format!("{}{}", ours.certificate.pem(), old.certificate.pem());
    trusting(&house, &trusted);
    let signed = ours.sign(&message("M1"));
    let twice = signed.replace("</alert>", &signed[signed.find("<ds:Signature").unwrap()..]);
    let outside =
        signed.replace("<alert xmlns", "<a><alert xmlns").replace("</alert>", "</alert></a>");
    let sha256 = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
    let sha1 = |bytes: &[u8]| sha1::Sha1::digest(bytes).to_vec();
    // Each of these is a good signature over what it says: the check alone refuses it.
    let weak = |from: &str, to: &str| ours.sign_as(&message("M1"), (from, to), &sha256);
    let (c14n11, xslt) =
        ("http://www.w3.org/2006/12/xml-c14n11", "http://www.w3.org/TR/1999/REC-xslt-19991116");
    let digest = ours.sign_as(&message("M1"), ("xmlenc#sha256", "xmldsig#sha1"), &sha1);
    let cases = [
        ("missing", message("M1"), "is not signed"),
        ("wrong key", stranger.sign(&message("M1")), "has not signed it"),
        ("certificate run out", old.sign(&message("M1")), "is good from"),
        ("changed", signed.replace("Severe", "Minor"), "is not what was signed"),
        ("two", twice, "more than one"),
        ("SHA-1", digest, "the digest"),
        (
            "weak algorithm",
            weak("xmldsig-more#ecdsa-sha256", "xmldsig#ecdsa-sha1"),
            "the algorithm",
        ),
        ("a part only", weak("URI=\"\"", "URI=\"#x\""), "the reference is to a part"),
        ("another transform", weak(c14n11, xslt), "the canonical form"),
        (
            "not enveloped",
            weak("xmldsig#enveloped-signature", "xmldsig#base64"),
            "transforms other than",
        ),
        ("another form", weak("xml-exc-c14n#", "xml-exc-c14n-other#"), "the canonical form"),
    ];
    for (what, body, why) in &cases {
        let answer = send(&served, body).await;
        assert!(answer.status >= 400 && answer.reason() == "signature", "{what}: {}", answer.body);
        assert!(answer.body.contains(why), "{what}: {}", answer.body);
    }
    // Wrapped: what was signed stands inside, something else around it.
    let answer = send(&served, &outside).await;
    assert_eq!((answer.status, answer.reason()), (400, "cap_schema".into()), "{}", answer.body);
    let answer = send(&served, &signed).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
    let state = house.records().into_iter().find_map(|r| match r {
        Record::Report { report: Report::Warning(w), .. } => Some(w.signature),
        _ => None,
    });
    assert_eq!(state, Some(SignatureState::Verified));
    served.end().await;
}

fn run(program: &str, arguments: &[&str], dir: &Path) -> bool {
    let out = Command::new(program).args(arguments).current_dir(dir).output().unwrap();
    out.status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_the_citys_vouches_for_signers_until_they_run_out() {
    let (_dir, house, served) = town().await;
    let authority = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let pem = params.self_signed(&key).unwrap().pem();
        (pem, Issuer::new(params, key))
    };
    let ((ours, by_ours), (_, by_another)) = (authority("ours"), authority("another"));
    trusting(&house, &ours);
    let good = Signer::issued(&by_ours, 2030).sign(&message("M1"));
    let answer = send(&served, &good).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
    for (what, signer) in [
        ("run out", Signer::issued(&by_ours, 2026)),
        ("another's", Signer::issued(&by_another, 2030)),
    ] {
        let answer = send(&served, &signer.sign(&message("M2"))).await;
        assert!(answer.status >= 400 && answer.reason() == "signature", "{what}: {}", answer.body);
    }
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn xmlsec1_and_this_platform_judge_alike() {
    if Command::new("xmlsec1").arg("--version").output().is_err() {
        println!("skipped: xmlsec1 is not installed (apt-get install xmlsec1)");
        return;
    }
    let (dir, house, served) = town().await;
    let ours = Signer::new(2030);
    let put = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let signed = ours.sign(&message("M1"));
    put("cert.pem", &ours.certificate.pem());
    put("good.xml", &signed);
    put("changed.xml", &signed.replace("Severe", "Minor"));
    let judge = |file: &str| {
        run("xmlsec1", &["--verify", "--pubkey-cert-pem", "cert.pem", file], dir.path())
    };
    assert!(judge("good.xml"), "xmlsec1 takes what is signed here");
    assert!(!judge("changed.xml"));
    // And the other way: RSA, Canonical XML 1.0, signed by xmlsec1.
    let subject = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "k.pem",
        "-out",
        "c.pem",
        "-days",
        "3650",
        "-subj",
        "/CN=qx",
        "-not_before",
        "20250101000000Z",
    ];
    let plain = &subject[..subject.len() - 2];
    assert!(run("openssl", &subject, dir.path()) || run("openssl", plain, dir.path()));
    let template = signed.replace("xmldsig-more#ecdsa-sha256", "xmldsig-more#rsa-sha256").replace(
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    );
    let (head, tail) = template.split_once("<ds:DigestValue>").unwrap();
    let template =
        format!("{head}<ds:DigestValue/>{}", tail.split_once("</ds:DigestValue>").unwrap().1);
    let head = template.split_once("<ds:SignatureValue>").unwrap().0;
    let template = format!(
        "{head}<ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature></alert>"
    );
    put("template.xml", &template);
    let sign = ["--sign", "--privkey-pem", "k.pem,c.pem", "--output", "rsa.xml", "template.xml"];
    assert!(run("xmlsec1", &sign, dir.path()));
    let theirs = std::fs::read_to_string(dir.path().join("rsa.xml")).unwrap();
    let pem = std::fs::read_to_string(dir.path().join("c.pem")).unwrap();
    // Whatever year it is at the machine that made the certificate, the test's clock is within it.
    let now = std::fs::metadata(dir.path().join("c.pem")).unwrap().modified().unwrap();
    let ms = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    house.clock.set(domain::time::UtcMs(ms.max(support::NOW.0) + 60_000));
    house.admission.tick().await.unwrap();
    trusting(&house, &pem);
    let answer = send(&served, &theirs).await;
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
    let answer = send(&served, &theirs.replace("Severe", "Minor")).await;
    assert_eq!(answer.reason(), "signature");
    served.end().await;
}
