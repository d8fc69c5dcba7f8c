//! A platform in this process, over a small town, on free ports, and a client of it.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use command_api::access::Access;
use command_api::serve::{ClockKind, Mqtt, ServeError, ServeOptions, WallClock, run};
use domain::desk::Role;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub mod houses;
pub mod mqtt;
pub mod socket;
pub mod tls;

/// How long anything may take on a busy machine.
pub const WITHIN: Duration = Duration::from_secs(30);
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// Writes the town's folder: stations A and B with a discharge every minute, people at both and where
/// nothing is measured, boats, one plan.
pub fn town(folder: &Path) -> PathBuf {
    let city = folder.join("city");
    let put = |path: &str, text: &str| {
        let file = city.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    put(
        "city.toml",
        "name = \"试验镇\"\nname_en = \"Testtown\"\ntime_zone = \"Asia/Shanghai\"\nfictional = true\n",
    );
    put(
        "agencies.toml",
        "[[agency]]\nid = \"hydro\"\nname = \"水文\"\n[[agency]]\nid = \"rescue\"\nname = \"救援\"\n",
    );
    put(
        "zones.geojson",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"440700","name":"试验镇","name_en":"Testtown","kind":"city"},"geometry":{"type":"Polygon","coordinates":[[[112.5,22.0],[113.5,22.0],[113.5,23.0],[112.5,23.0],[112.5,22.0]]]}}]}"#,
    );
    put(
        "stations.csv",
        "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from\nA,甲站,A,hydro,112.60,22.10,,,\nB,乙站,B,hydro,112.70,22.20,,,\n",
    );
    put(
        "datastreams.csv",
        "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from\nA,discharge,60,,,,,\nB,discharge,60,,,,,\n",
    );
    put(
        "units.csv",
        "id,name,name_en,kind,agency,lon,lat,people\nboat-1,一艇,Boat 1,boat,rescue,112.61,22.11,6\nboat-2,二艇,Boat 2,boat,rescue,112.71,22.21,6\n",
    );
    put(
        "exposure/people.csv",
        "lon,lat,kind,people,vulnerability\n112.60,22.10,population,1000,0.5\n112.70,22.20,population,500,0.4\n113.30,22.80,population,500,0.9\n",
    );
    put(
        "hazards/discharge.toml",
        "hazard = \"discharge\"\nsource = \"city policy\"\n[[threshold]]\nlevel = \"yellow\"\nat_least = 30.0\n[[threshold]]\nlevel = \"red\"\nat_least = 300.0\n",
    );
    put(
        "plans/flood.toml",
        "id = \"P-FLOOD\"\ntitle = \"防汛\"\nsource = \"city policy\"\n[[measure]]\nclause = \"§1\"\nfrom_level = \"yellow\"\ntext = \"巡查\"\nunit_kind = \"boat\"\nlimit_min = 60\n",
    );
    city
}

/// A running platform.
pub struct Running {
    pub http: SocketAddr,
    pub mqtt: SocketAddr,
    pub said: Vec<String>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), ServeError>>,
}

/// People of every role, and tokens; written before the platform starts.
pub fn people(data: &Path) -> (String, String) {
    std::fs::create_dir_all(data).unwrap();
    let access = Access::open(&data.join("access.sqlite"), Arc::new(WallClock)).unwrap();
    for (name, role) in [
        ("officer", Role::Officer),
        ("zhang", Role::Officer),
        ("commander", Role::Commander),
        ("planner", Role::Planner),
        ("auditor", Role::Auditor),
        ("administrator", Role::Administrator),
    ] {
        access.put_person(name, role, None, PASSWORD).unwrap();
    }
    access.put_person("agency", Role::Agency, Some("hydro"), PASSWORD).unwrap();
    let agency = access.give_token("agency", "hydro").unwrap();
    let unit = access.give_token("unit", "boat-1").unwrap();
    (agency, unit)
}

impl Running {
    /// Starts over a folder with a town, on free ports.
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, |_| {}).await
    }

    /// The same with other options.
    pub async fn start_with(folder: &Path, change: impl FnOnce(&mut ServeOptions)) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&said);
        let mut options = ServeOptions {
            snapshot_every: command_api::serve::SNAPSHOT_EVERY,
            checkpoint_bytes: None,
            phase_hook: journal::PhaseHook::default(),
            city_dir: folder.join("city"),
            data_dir: folder.join("data"),
            http: any,
            mqtt: Mqtt::Listen(any),
            sl651: None,
            tls: None,
            cot: None,
            archive: None,
            clock: ClockKind::Wall,
            workers: 1,
            heartbeat: None,
            console_dir: None,
            public_url: None,
            demo: false,
            say: Arc::new(move |line| heard.lock().unwrap().push(line.to_owned())),
        };
        change(&mut options);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(run(options, async move {
            let _ = stopped.await;
        }));
        let began = tokio::time::Instant::now();
        let ready = loop {
            let found = said.lock().unwrap().iter().find(|l| l.starts_with("ready ")).cloned();
            if let Some(line) = found {
                break line;
            }
            assert!(!task.is_finished(), "{:?}", task.await);
            assert!(began.elapsed() < WITHIN, "not ready: {:?}", said.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let field = |name: &str| {
            let found = ready.split_whitespace().find_map(|p| p.strip_prefix(name)).unwrap();
            // A broker that is bridged is named with its user.
            found.rsplit('@').next().unwrap().parse().unwrap()
        };
        let said = said.lock().unwrap().clone();
        Self {
            http: if ready.contains("http=https://") {
                field("http=https://")
            } else {
                field("http=http://")
            },
            mqtt: field("mqtt=mqtt://"),
            said,
            stop: Some(stop),
            task,
        }
    }

    /// Tells it to end, and how it ended.
    pub async fn stop(mut self) -> Result<(), ServeError> {
        let _ = self.stop.take().unwrap().send(());
        tokio::time::timeout(Duration::from_secs(12), self.task).await.expect("ends").unwrap()
    }

    /// How it ended by itself.
    pub async fn ended(self) -> Result<(), ServeError> {
        tokio::time::timeout(WITHIN, self.task).await.expect("ends by itself").unwrap()
    }

    /// A client that is nobody.
    pub fn client(&self) -> Client {
        Client { at: self.http, headers: Vec::new(), tls: None }
    }

    /// A client that is signed in.
    pub async fn signed_in(&self, user: &str) -> Client {
        self.client().sign_in(user, PASSWORD).await
    }
}

/// A plain HTTP client, one socket a request.
#[derive(Clone)]
pub struct Client {
    pub at: SocketAddr,
    pub headers: Vec<(String, String)>,
    pub tls: Option<tokio_rustls::TlsConnector>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in {text:?}"))
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.head.lines().filter_map(|l| l.split_once(':'));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned())
    }
}

impl Client {
    /// The same over TLS.
    pub fn over(&self, tls: tokio_rustls::TlsConnector) -> Self {
        Self { tls: Some(tls), ..self.clone() }
    }

    /// The same with a header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut more = self.clone();
        more.headers.push((name.into(), value.into()));
        more
    }

    pub async fn sign_in(&self, user: &str, password: &str) -> Self {
        let body = serde_json::json!({ "user": user, "password": password });
        let answer = self.post("/v1/session", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.header("set-cookie").expect("a cookie");
        self.with("Cookie", cookie.split(';').next().unwrap())
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.with("Content-Type", "application/json").request("POST", path, &body.to_string()).await
    }

    pub async fn command(&self, id: &str, command: Value) -> Answer {
        self.post("/v1/commands", &serde_json::json!({ "id": id, "command": command })).await
    }

    pub async fn request(&self, method: &str, path: &str, body: &str) -> Answer {
        let host = self.at;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        if method != "GET" {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let answer = self.raw(&format!("{head}\r\n{body}")).await;
        answer.unwrap_or_else(|| panic!("{method} {path}: no answer"))
    }

    /// Sends bytes as they are.
    pub async fn raw(&self, bytes: &str) -> Option<Answer> {
        let got = match &self.tls {
            None => said(TcpStream::connect(self.at).await.unwrap(), bytes).await,
            Some(by) => said(tls::connect(by, self.at).await.unwrap(), bytes).await,
        };
        let end = got.windows(4).position(|w| w == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&got[..end]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let rest = &got[end + 4..];
        let body = if chunked { unchunk(rest) } else { rest.to_vec() };
        Some(Answer { status, head, body })
    }

    /// Asks again until it answers as wanted.
    pub async fn until<T>(&self, path: &str, wanted: impl Fn(&Value) -> Option<T>) -> T {
        let began = tokio::time::Instant::now();
        loop {
            let answer = self.get(path).await;
            if answer.status == 200
                && let Some(found) = wanted(&answer.json())
            {
                return found;
            }
            assert!(began.elapsed() < WITHIN, "{path}: {}", answer.text());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Says something, and hears the answer to its end.
async fn said(mut socket: impl AsyncRead + AsyncWrite + Unpin, bytes: &str) -> Vec<u8> {
    // A server that has seen enough may close before everything is sent.
    let _ = socket.write_all(bytes.as_bytes()).await;
    let mut got = Vec::new();
    let _ = tokio::time::timeout(WITHIN, socket.read_to_end(&mut got)).await;
    got
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(line) = body.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&body[..line]).unwrap().trim();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&body[line + 2..line + 2 + size]);
        body = &body[line + 4 + size..];
    }
    whole
}

/// Milliseconds since 1970, now.
pub fn now_ms() -> i64 {
    use domain::time::Clock;
    WallClock.now().0
}

/// Reports a discharge at a station, now.
pub async fn observe(platform: &Running, token: &str, station: &str, value: f64) {
    let body = serde_json::json!([
        { "station": station, "property": "discharge", "t": now_ms(), "v": value }
    ]);
    let client = platform.client().with("Authorization", &format!("Bearer {token}"));
    let answer = client.post("/v1/observations", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.text());
}
