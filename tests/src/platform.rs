//! The platform as a user starts it: the built binary, free ports, its `ready` line.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use crate::http::Client;

/// How long a start may take, on a busy machine.
pub const START_MAX: Duration = Duration::from_secs(60);
/// How long an ordered stop may take (a promise: 10 s), and some air.
pub const STOP_MAX: Duration = Duration::from_secs(15);
/// Lines of the platform's output that wait to be read.
const LINES: usize = 4096;

/// A binary of this workspace, beside the test that runs.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test.ancestors().find(|f| f.join(name).is_file());
    folder.unwrap_or_else(|| panic!("{name} is not built: run `cargo xtask test`")).join(name)
}

/// A free folder of this test's own, removed at its end.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a scratch folder")
}

/// A running platform.
#[derive(Debug)]
pub struct Platform {
    child: Child,
    lines: Receiver<String>,
    data: PathBuf,
    /// Base address: `http://127.0.0.1:…`.
    pub http: String,
    /// MQTT address: `127.0.0.1:…`.
    pub mqtt: String,
    /// SL 651 address: `127.0.0.1:…`; empty where the port is not open.
    pub sl651: String,
    /// Address of Cursor-on-Target: `127.0.0.1:…`; empty where the port is not open.
    pub cot: String,
    /// What it printed before it was ready.
    pub said: Vec<String>,
    /// From start to `ready`.
    pub time_to_ready: Duration,
}

impl Platform {
    /// Starts `fenghuo serve` over a city and a data folder, with further arguments.
    pub fn start(city: &Path, data: &Path, more: &[&str]) -> Self {
        Self::try_start(city, data, more).unwrap_or_else(|said| panic!("not ready:\n{said}"))
    }

    /// The same with variables of its environment.
    pub fn start_in(city: &Path, data: &Path, more: &[&str], variables: &[(&str, &str)]) -> Self {
        let began = Self::try_start_with(city, data, more, variables);
        began.unwrap_or_else(|said| panic!("not ready:\n{said}"))
    }

    /// The same; a platform that ends before it is ready gives what it said.
    ///
    /// # Errors
    /// Everything it wrote, and its exit status.
    pub fn try_start(city: &Path, data: &Path, more: &[&str]) -> Result<Self, String> {
        Self::try_start_with(city, data, more, &[])
    }

    /// The same with variables of the environment.
    ///
    /// # Errors
    /// As [`Platform::try_start`].
    pub fn try_start_with(
        city: &Path,
        data: &Path,
        more: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self, String> {
        let began = Instant::now();
        let mut command = Command::new(binary("fenghuo"));
        command.arg("serve").arg("--city").arg(city).arg("--data").arg(data);
        command.args(more).envs(variables.iter().copied()).stdin(Stdio::null());
        if !more.contains(&"--http") {
            command.args(["--http", "127.0.0.1:0"]);
        }
        if !more.contains(&"--mqtt-broker") {
            command.args(["--mqtt", "127.0.0.1:0"]);
        }
        let errors = std::fs::File::create(data.with_extension("stderr")).expect("a log file");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::from(errors))
            .spawn()
            .expect("the platform starts");
        let out = child.stdout.take().expect("its output");
        let (say, lines) = sync_channel(LINES);
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // A reader that is gone must not stop the platform's output from being drained.
                let _ = say.try_send(line);
            }
        });
        let mut said = Vec::new();
        while began.elapsed() < START_MAX {
            match lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) if line.starts_with("ready ") => {
                    let field = |name: &str| {
                        let mut parts = line.split_whitespace();
                        parts.find_map(|p| p.strip_prefix(name)).unwrap_or_default().to_owned()
                    };
                    let http = field("http=");
                    let mqtt = field("mqtt=").trim_start_matches("mqtt://").to_owned();
                    let sl651 = field("sl651=").trim_start_matches("tcp://").to_owned();
                    let cot = field("cot=").trim_start_matches("tcp://").to_owned();
                    let time_to_ready = began.elapsed();
                    let data = data.to_owned();
                    return Ok(Self {
                        child,
                        lines,
                        data,
                        http,
                        mqtt,
                        sl651,
                        cot,
                        said,
                        time_to_ready,
                    });
                }
                Ok(line) => said.push(line),
                Err(_) => {
                    if let Ok(Some(status)) = child.try_wait() {
                        let errors = std::fs::read_to_string(data.with_extension("stderr"));
                        let errors = errors.unwrap_or_default();
                        return Err(format!("{}\n{errors}{status}", said.join("\n")));
                    }
                }
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("{}\nstill not ready after {START_MAX:?}", said.join("\n")))
    }

    /// The demo's people by name, signed in.
    pub fn sign_in(&self, user: &str) -> Client {
        let line = self.said.iter().find(|l| l.starts_with("sign-in")).expect("a sign-in line");
        let mut parts = line.split_whitespace();
        let password = parts.find_map(|p| p.strip_prefix("password=")).expect("a password");
        Client::new(&self.http).sign_in(user, password)
    }

    /// The token that the demo made for an agency.
    pub fn token(&self, agency: &str) -> String {
        let text = std::fs::read_to_string(self.data.join("credentials.toml")).expect("a file");
        let table = text.split("[agency]").nth(1).expect("agencies");
        let name = format!("\"{agency}\" = \"");
        let found = table.split(&name).nth(1).and_then(|rest| rest.split('"').next());
        found.unwrap_or_else(|| panic!("no token of {agency} in {text}")).to_owned()
    }

    /// The process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A line of what it has printed since it was ready.
    pub fn next_line(&self, within: Duration) -> Option<String> {
        self.lines.recv_timeout(within).ok()
    }

    /// SIGSTOP: it takes connections and bytes as far as the machine does it for it, and answers none.
    pub fn freeze(&self) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-STOP", &pid]).status().expect("kill runs");
        assert!(status.success(), "{pid} cannot be stopped");
    }

    /// SIGKILL, at once.
    pub fn kill(mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("reaped");
    }

    /// SIGTERM, and its exit status; a platform that does not end in time is a failure.
    pub fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        self.wait(STOP_MAX).unwrap_or_else(|| panic!("not ended {STOP_MAX:?} after SIGTERM"))
    }

    /// Waits for its own end.
    pub fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < within {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return Some(status);
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again until there is an answer; a deadline, and the question, end it.
pub fn eventually<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < within, "not within {within:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// SIGKILL by pid.
pub fn kill_now(pid: u32) {
    let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status();
}
