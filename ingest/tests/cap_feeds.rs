//! Feeds of warnings that the platform looks at itself: each entry once, news only, the feed's own
//! host, no redirects; a feed that does not answer is known as such and comes back.
// The lints know only `#[test]` functions as tests, and not what these share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::city::City;
use domain::record::Record;
use domain::refusal::Channel;
use domain::report::Report;
use ingest::cap::poll::fetch::Address;
use ingest::cap::poll::listing::{Listing, read};
use ingest::cap::poll::{ENTRIES_AT_ONCE, States, run};
use ingest::register::Register;
use support::{House, files, until};
use tls::{Certificates, Clients, Door, Outward, TlsFiles};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn message(id: &str) -> String {
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{id}</identifier><sender>qx@example.cn</sender>\
         <sent>2026-06-11T03:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope></alert>"
    )
}

/// Status and body by path; the requests that came.
#[derive(Default)]
struct Site {
    pages: BTreeMap<String, (u16, String)>,
    asked: Vec<String>,
}

async fn serve(listener: TcpListener, site: Arc<Mutex<Site>>) {
    serve_by(listener, Door::Plain, site).await;
}

async fn serve_by(listener: TcpListener, door: Door, site: Arc<Mutex<Site>>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { return };
        let Ok((mut socket, _)) = door.open(socket).await else { continue };
        let mut head = Vec::new();
        while !head.windows(4).any(|w| w == b"\r\n\r\n") {
            let mut piece = [0; 1024];
            match socket.read(&mut piece).await {
                Ok(n) if n > 0 => head.extend_from_slice(&piece[..n]),
                _ => break,
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = {
            let mut site = site.lock().unwrap();
            site.asked.push(path.clone());
            let known = path == "/feed" && head.to_lowercase().contains("if-none-match: \"v1\"");
            match site.pages.get(&path) {
                Some((200, _)) if known => "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned(),
                Some((302, to)) => {
                    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
                }
                Some((status, body)) => {
                    format!(
                        "HTTP/1.1 {status} X\r\nETag: \"v1\"\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    )
                }
                None => "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n".to_owned(),
            }
        };
        let _ = socket.write_all(answer.as_bytes()).await;
        let _ = socket.shutdown().await;
    }
}

fn atom(links: &[&str]) -> String {
    let entries: String = links
        .iter()
        .map(|link| format!("<entry><id>{link}</id><updated>1</updated><link href='/page'/><link type='application/cap+xml' href='{link}'/></entry>"))
        .collect();
    format!("<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>")
}

fn taken(house: &House) -> Vec<String> {
    let records = house.records().into_iter();
    let polled = records.filter_map(|record| match record {
        Record::Report { channel: Channel::Poll, report: Report::Warning(w), .. } => {
            Some(w.message.key.identifier)
        }
        _ => None,
    });
    polled.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_followed_each_entry_once_on_its_own_host_alone() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stranger = format!("http://{}/x", other.local_addr().unwrap());
    let site = Arc::new(Mutex::new(Site::default()));
    let put = |path: &str, status: u16, body: &str| {
        site.lock().unwrap().pages.insert(path.into(), (status, body.into()));
    };
    put("/one", 200, &message("M1"));
    put("/two", 200, &message("M2").replace("Actual", "Red"));
    let two = format!("http://{at}/two");
    put("/feed", 200, &atom(&["/one", &two, &stranger]));
    let server = tokio::spawn(serve(listener, site.clone()));

    let mut city = files();
    let feeds =
        format!("[[feed]]\nagency = \"weather\"\nurl = \"http://{at}/feed\"\ninterval_s = 10\n");
    city.insert("cap/feeds.toml".into(), feeds.into_bytes());
    let city = City::read(&city).unwrap();
    house.admission.configure(Arc::new(Register::of(&city, &city.registry(&[]))));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let states = States::default();
    let task = tokio::spawn(run(house.admission.clone(), states.clone(), stopped));
    let answered =
        || states.lock().unwrap().values().any(|s| s.answered.is_some() && s.error.is_none());
    until("the feed was read", answered).await;
    assert_eq!(taken(&house), ["M1"]);
    let refused = house.records().into_iter().filter(|r| matches!(r, Record::Refused(_))).count();
    assert_eq!(refused, 1, "the other is kept with why");
    let looks = |path: &str| site.lock().unwrap().asked.iter().filter(|p| *p == path).count();
    until("it was asked again, and had nothing new", || looks("/feed") >= 2).await;
    assert_eq!((looks("/one"), looks("/two"), looks("/page")), (1, 1, 0));
    stop.send(true).unwrap();
    task.await.unwrap();
    server.abort();
    drop(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_does_not_answer_or_leads_elsewhere_is_known_as_down() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let site = Arc::new(Mutex::new(Site::default()));
    site.lock().unwrap().pages.insert("/feed".into(), (302, "http://127.0.0.1:1/".into()));
    let server = tokio::spawn(serve(listener, site));
    let mut city = files();
    let feeds = format!(
        "[[feed]]\nagency = \"weather\"\nurl = \"http://{at}/feed\"\n[[feed]]\nagency = \"weather\"\nurl = \"http://127.0.0.1:1/feed\"\n"
    );
    city.insert("cap/feeds.toml".into(), feeds.into_bytes());
    let city = City::read(&city).unwrap();
    house.admission.configure(Arc::new(Register::of(&city, &city.registry(&[]))));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let states = States::default();
    let task = tokio::spawn(run(house.admission.clone(), states.clone(), stopped));
    until("both are down", || {
        states
            .lock()
            .unwrap()
            .values()
            .filter(|s| s.error.is_some() && s.down_since.is_some())
            .count()
            == 2
    })
    .await;
    let said = format!("{:?}", states.lock().unwrap());
    assert!(said.contains("redirects are not followed"), "{said}");
    stop.send(true).unwrap();
    task.await.unwrap();
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_to_be_had_holds_nothing_up() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let site = Arc::new(Mutex::new(Site::default()));
    let put = |path: &str, status: u16, body: &str| {
        site.lock().unwrap().pages.insert(path.into(), (status, body.into()));
    };
    // As many dead links as are fetched at one look, before the one that is alive.
    let gone: Vec<String> = (0..ENTRIES_AT_ONCE).map(|n| format!("/gone/{n}")).collect();
    let links: Vec<&str> = gone.iter().map(String::as_str).chain(["one"]).collect();
    put("/one", 200, &message("M1"));
    put("/feed", 200, &atom(&links));
    let server = tokio::spawn(serve(listener, site.clone()));

    let mut city = files();
    let feeds =
        format!("[[feed]]\nagency = \"weather\"\nurl = \"http://{at}/feed\"\ninterval_s = 10\n");
    city.insert("cap/feeds.toml".into(), feeds.into_bytes());
    let city = City::read(&city).unwrap();
    house.admission.configure(Arc::new(Register::of(&city, &city.registry(&[]))));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let states = States::default();
    let task = tokio::spawn(run(house.admission.clone(), states.clone(), stopped));
    until("the list was looked at", || !states.lock().unwrap().is_empty()).await;
    let state = states.lock().unwrap().values().next().unwrap().clone();
    assert!(state.answered.is_some() && state.down_since.is_none(), "the feed answers: {state:?}");
    assert!(state.error.unwrap().contains("/gone/"), "which one, and why");
    until("the one alive is fetched at the next look", || taken(&house) == ["M1"]).await;
    stop.send(true).unwrap();
    task.await.unwrap();
    server.abort();
}

#[test]
fn a_link_is_read_from_where_its_feed_is() {
    let feed = Address::of("http://office.example/cap/list/index.atom?all=1").unwrap();
    for (link, there) in [
        ("one.cap", "http://office.example/cap/list/one.cap"),
        ("./one.cap?v=2#top", "http://office.example/cap/list/one.cap?v=2"),
        ("../one.cap", "http://office.example/cap/one.cap"),
        ("../../../../one.cap", "http://office.example/one.cap"),
        ("/one.cap", "http://office.example/one.cap"),
        ("?id=http://x:1/", "http://office.example/cap/list/index.atom?id=http://x:1/"),
        ("//office.example/one.cap", "http://office.example/one.cap"),
        ("a/..", "http://office.example/cap/list/"),
    ] {
        assert_eq!(feed.join(link).map(|there| there.to_string()), Ok(there.to_owned()), "{link}");
    }
    for elsewhere in ["//evil.example/one.cap", "file:///etc/passwd", "https://office.example/1"] {
        assert!(feed.join(elsewhere).is_err(), "{elsewhere}");
    }
}

#[test]
fn a_list_is_read_in_each_of_its_forms() {
    let rss = "<rss version='2.0'><channel><title>t</title><item><guid>1</guid><link>http://h/1</link></item><item><title>no link</title></item></channel></rss>";
    let Ok(Listing::Entries(items)) = read(rss.as_bytes()) else { panic!("no list") };
    assert_eq!((items.len(), items[0].link.as_str()), (1, "http://h/1"));
    assert_eq!(read(message("M").as_bytes()), Ok(Listing::Message));
    assert!(read(b"<html/>").is_err());
    assert!(read(b"<!DOCTYPE feed><feed/>").is_err());
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_an_answer(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = read(&body);
    }
}

/// An authority of its own, and a server's certificate for `name` by it, in the folder.
fn certified(folder: &std::path::Path, name: &str) -> (String, Arc<Certificates>) {
    use std::os::unix::fs::PermissionsExt;
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = rcgen::Issuer::new(params, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let (cert, key) = (folder.join(format!("{name}.cert")), folder.join(format!("{name}.key")));
    std::fs::write(&cert, params.signed_by(&own, &issuer).unwrap().pem()).unwrap();
    std::fs::write(&key, own.serialize_pem()).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    (authority, Certificates::load(TlsFiles { cert, key, client_ca: None }).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_over_tls_is_followed_where_its_server_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path(), true);
    house.admission.tick().await.unwrap();
    let (authority, certificates) = certified(dir.path(), "127.0.0.1");
    let (stranger, _) = certified(dir.path(), "localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let site = Arc::new(Mutex::new(Site::default()));
    {
        let mut site = site.lock().unwrap();
        site.pages.insert("/one".into(), (200, message("S1")));
        // The same host, but in the clear: it is left.
        let plain = format!("http://{at}/two");
        site.pages.insert("/feed".into(), (200, atom(&["/one", &plain])));
    }
    let door = Door::Tls(certificates.acceptor(Clients::Unasked));
    let server = tokio::spawn(serve_by(listener, door, site.clone()));
    let configured = |pem: Option<&str>| {
        let mut city = files();
        let feeds = format!(
            "[[feed]]\nagency = \"weather\"\nurl = \"https://{at}/feed\"\ninterval_s = 10\n"
        );
        city.insert("cap/feeds.toml".into(), feeds.into_bytes());
        if let Some(pem) = pem {
            city.insert("cap/weather.tls.pem".into(), pem.into());
        }
        let city = City::read(&city).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert!(city.cap.certificates.is_empty(), "it is no signer's certificate");
        house.admission.configure(Arc::new(Register::of(&city, &city.registry(&[]))));
    };
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let states = States::default();
    configured(Some(&stranger));
    let task = tokio::spawn(run(house.admission.clone(), states.clone(), stopped));
    let error = || states.lock().unwrap().values().find_map(|state| state.error.clone());
    until("another authority's is not taken", || error().is_some()).await;
    assert!(error().unwrap().starts_with("TLS: "), "{:?}", error());
    // Nor is it known to the operating system.
    if Outward::by_the_system().is_ok() {
        configured(None);
        until("the system does not know it", || states.lock().unwrap().is_empty()).await;
        until("the system does not know it", || error().is_some()).await;
    }
    assert!(site.lock().unwrap().asked.is_empty(), "nothing is asked before it is known");
    configured(Some(&authority));
    let answered =
        || states.lock().unwrap().values().any(|s| s.answered.is_some() && s.error.is_none());
    until("the feed was read", answered).await;
    stop.send_replace(true);
    task.await.unwrap();
    server.abort();
    assert_eq!(taken(&house), ["S1"]);
    assert_eq!(site.lock().unwrap().asked, ["/feed", "/one"]);
    house.close();
}
