//! Two platforms that no network joins.

use std::path::{Path, PathBuf};
use std::time::Duration;

use command_api::exchange::Folder;
use command_api::exchange::export::Export;
use command_api::exchange::inbox::{Job, Outcome};
use domain::exchange::ExchangeCounts;
use domain::time::UtcMs;
use ingest::exchange::write::Written;
use serde_json::Value;
use tempfile::TempDir;

use super::{Client, Running, WITHIN, now_ms, people, town};

/// One of the two houses.
pub struct House {
    pub folder: TempDir,
    pub token: String,
    pub platform: Option<Running>,
}

impl House {
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
    pub fn exchange(&self) -> Folder {
        Folder::of(&self.data())
    }
    pub fn running(&self) -> &Running {
        self.platform.as_ref().unwrap()
    }
    pub async fn stop(&mut self) {
        self.platform.take().unwrap().stop().await.unwrap();
    }
    pub async fn start(&mut self) {
        self.platform = Some(Running::start(self.folder.path()).await);
    }
    pub async fn officer(&self) -> Client {
        self.running().signed_in("officer").await
    }

    /// Sends observations as the agency.
    pub async fn send(&self, body: &Value) -> Value {
        let client = self.running().client();
        let client = client.with("Authorization", &format!("Bearer {}", self.token));
        let answer = client.post("/v1/observations", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Writes a file for the other.
    pub fn export(&self, out: &Path, change: impl FnOnce(&mut Export)) -> Written {
        self.try_export(out, change).unwrap()
    }

    /// The same, which may not be.
    pub fn try_export(
        &self,
        out: &Path,
        change: impl FnOnce(&mut Export),
    ) -> anyhow::Result<Written> {
        let mut export = Export {
            data: self.data(),
            peer: "province".to_owned(),
            out: out.to_owned(),
            agencies: Vec::new(),
            kinds: Vec::new(),
            areas: Vec::new(),
            since: None,
            until: None,
            from_seq: None,
            to_seq: None,
            backlog: None,
            packed: false,
            by: "li".to_owned(),
            now: UtcMs(now_ms()),
        };
        change(&mut export);
        export.run(|_, _| ())
    }

    /// Brings a file, and waits until the platform has dealt with it.
    pub async fn bring(&self, manifest: &Path, accept_gap: bool) -> Outcome {
        static BROUGHT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let id = format!("{:04}", BROUGHT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let job = Job { name: "stick".to_owned(), by: "chen".to_owned(), accept_gap };
        self.exchange().bring(manifest, &job, &id).unwrap();
        let began = tokio::time::Instant::now();
        loop {
            if let Some(outcome) = self.exchange().outcome(&id).unwrap() {
                return outcome;
            }
            assert!(began.elapsed() < WITHIN, "the file was not dealt with");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Two houses that know each other: the city gives what is its hydrology's, the province takes it.
pub async fn houses(change: impl Fn(&Path)) -> (House, House) {
    let house = |_: i32| {
        let folder = tempfile::tempdir().unwrap();
        change(&town(folder.path()));
        let (token, _) = people(&folder.path().join("data"));
        House { folder, token, platform: None }
    };
    let both = [0, 1].map(house);
    let keys = both.each_ref().map(|h| h.exchange().make_key(false).unwrap().public_hex());
    for (at, [own, peer]) in [["city", "province"], ["province", "city"]].iter().enumerate() {
        let key = &keys[1 - at];
        let text = format!(
            "id = \"{own}\"\n[[peer]]\nid = \"{peer}\"\nname = \"对方\"\npublic_key = \"{key}\"\n\
             gives = [\"hydro\"]\nbrings = [\"hydro\"]\nevery_h = 24\ncontact = \"值班室\"\n"
        );
        std::fs::write(both[at].folder.path().join("city/exchange.toml"), text).unwrap();
    }
    let [mut city, mut province] = both;
    city.start().await;
    province.start().await;
    (city, province)
}

pub fn imported(outcome: Outcome) -> (u64, ExchangeCounts, u64) {
    match outcome {
        Outcome::Imported { number, counts, missing, .. } => (number, counts, missing),
        Outcome::Refused { fault, detail } => panic!("{fault}: {detail}"),
    }
}

pub fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::Refused { fault, .. } => fault,
        other => panic!("{other:?}"),
    }
}
