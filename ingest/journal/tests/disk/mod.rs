//! A disk that keeps what was synced: built from a record of a process's system calls.
//!
//! The record is strace's. Every write to a file of the directory is pending until that file is
//! synced; every name made or removed is pending until the directory is. What a power cut leaves
//! is what was synced, and of the rest any part: here none of it, or a part drawn from a seed, in
//! any order, cut at sector boundaries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A disk writes sectors whole.
const SECTOR: usize = 512;

/// One system call that matters, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    /// Bytes to a place in a file.
    Write { file: String, at: u64, bytes: Vec<u8> },
    /// A file cut or grown.
    Length { file: String, length: u64 },
    /// A file of this name is opened and made if it is not there.
    Make { file: String },
    /// A name is removed.
    Remove { file: String },
    /// A sync of a file, or of the directory where `file` is empty, has come back.
    Synced { file: String, began: usize },
    /// A line to the standard output: an acknowledgement.
    Said(String),
}

/// Reads strace's record (`-f -y -xx`) of calls on the files directly in `dir`.
pub(crate) fn read_calls(trace: &str, dir: &Path) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    // Syncs that have begun, by process id: their file, and how many calls there were before.
    let mut begun: BTreeMap<&str, (String, usize)> = BTreeMap::new();
    let name = |path: &str| -> Option<String> {
        let path = Path::new(path.trim_end_matches(" (deleted)"));
        if path == dir {
            return Some(String::new());
        }
        (path.parent() == Some(dir)).then(|| path.file_name()?.to_str().map(str::to_owned))?
    };
    for line in trace.lines() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("<... f") && rest.contains("sync resumed>") {
            let (file, began) = begun.remove(pid).unwrap();
            assert!(rest.ends_with("= 0"), "a sync failed: {rest}");
            calls.push(Call::Synced { file, began });
            continue;
        }
        let Some((call, arguments)) = rest.split_once('(') else { continue };
        let path = || name(&text(arguments.split('<').nth(1)?.split('>').next()?));
        match call {
            "pwrite64" => {
                let Some(file) = path() else { continue };
                let parts: Vec<&str> = arguments.split('"').collect();
                let bytes = unescape(parts[1]);
                let numbers: Vec<&str> = parts[2].split([',', ')', '<']).map(str::trim).collect();
                assert_eq!(numbers[1].parse(), Ok(bytes.len()), "strace kept all bytes: {line}");
                calls.push(Call::Write { file, at: numbers[2].parse().unwrap(), bytes });
            }
            "write" if arguments.starts_with("1<") => {
                let said = arguments.split('"').nth(1).map(unescape).unwrap_or_default();
                calls.push(Call::Said(String::from_utf8(said).unwrap()));
            }
            "write" => assert_ne!(path(), Some(String::new()), "no plain writes: {line}"),
            "ftruncate" => {
                let Some(file) = path() else { continue };
                let length = arguments.split(", ").nth(1).unwrap();
                let length = length.split([')', ' ']).next().unwrap().parse().unwrap();
                calls.push(Call::Length { file, length });
            }
            "openat" if arguments.contains("O_CREAT") && !arguments.contains("= -1") => {
                let opened = arguments.split('"').nth(1).map(text).unwrap();
                let Some(file) = name(&opened) else { continue };
                calls.push(Call::Make { file });
            }
            "unlink" | "unlinkat" if !arguments.contains("= -1") => {
                let removed = arguments.split('"').nth(1).map(text).unwrap();
                let Some(file) = name(&removed) else { continue };
                calls.push(Call::Remove { file });
            }
            "fsync" | "fdatasync" => {
                let Some(file) = path() else { continue };
                if rest.ends_with("<unfinished ...>") {
                    begun.insert(pid, (file, calls.len()));
                } else {
                    assert!(rest.ends_with("= 0"), "a sync failed: {rest}");
                    let began = calls.len();
                    calls.push(Call::Synced { file, began });
                }
            }
            _ => {}
        }
    }
    calls
}

fn unescape(escaped: &str) -> Vec<u8> {
    let mut digits = escaped.split("\\x");
    assert_eq!(digits.next(), Some(""), "strace writes every byte in hex");
    digits.map(|two| u8::from_str_radix(two, 16).unwrap()).collect()
}

fn text(escaped: &str) -> String {
    if escaped.starts_with("\\x") {
        String::from_utf8(unescape(escaped)).unwrap()
    } else {
        escaped.to_owned()
    }
}

/// A small generator of numbers from a seed (xorshift).
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// The disk: content and names that are synced, and calls that are not.
#[derive(Debug, Default, Clone)]
pub(crate) struct Disk {
    contents: BTreeMap<String, Vec<u8>>,
    names: BTreeMap<String, bool>,
    /// Calls not yet synced, each with its place among all.
    pending: Vec<(usize, Call)>,
}

impl Disk {
    /// Takes the `index`-th call.
    pub(crate) fn take(&mut self, index: usize, call: &Call) {
        let Call::Synced { file: synced, began } = call else {
            if !matches!(call, Call::Said(_)) {
                self.pending.push((index, call.clone()));
            }
            return;
        };
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(|(at, pending)| {
                at < began
                    && match pending {
                        Call::Write { file, .. } | Call::Length { file, .. } => file == synced,
                        _ => synced.is_empty(),
                    }
            });
        self.pending = later;
        for (_, call) in now {
            self.apply(&call, None);
        }
    }

    fn apply(&mut self, call: &Call, sectors: Option<&mut Dice>) {
        match call {
            Call::Write { file, at, bytes } => {
                let content = self.contents.entry(file.clone()).or_default();
                let start = *at as usize;
                content.resize(content.len().max(start + bytes.len()), 0);
                match sectors {
                    None => content[start..start + bytes.len()].copy_from_slice(bytes),
                    Some(dice) => {
                        for (i, sector) in bytes.chunks(SECTOR).enumerate() {
                            if dice.below(2) == 0 {
                                let start = start + i * SECTOR;
                                content[start..start + sector.len()].copy_from_slice(sector);
                            }
                        }
                    }
                }
            }
            Call::Length { file, length } => {
                self.contents.entry(file.clone()).or_default().resize(*length as usize, 0);
            }
            Call::Make { file } => drop(self.names.insert(file.clone(), true)),
            Call::Remove { file } => {
                self.names.insert(file.clone(), false);
            }
            Call::Synced { .. } | Call::Said(_) => {}
        }
    }

    /// What is left when the power goes now: with dice, a part of what is pending too.
    pub(crate) fn left(&self, dice: Option<&mut Dice>) -> Disk {
        let mut left = Disk { pending: Vec::new(), ..self.clone() };
        if let Some(dice) = dice {
            for (_, call) in &self.pending {
                match dice.below(4) {
                    0 => left.apply(call, None),
                    1 => left.apply(call, Some(dice)),
                    _ => {}
                }
            }
        }
        left
    }

    /// Lays the files down in a directory.
    pub(crate) fn lay(&self, dir: &Path) -> Vec<PathBuf> {
        let mut laid = Vec::new();
        for (name, there) in &self.names {
            if *there {
                let path = dir.join(name);
                let content = self.contents.get(name).map_or(&[][..], Vec::as_slice);
                std::fs::write(&path, content).unwrap();
                laid.push(path);
            }
        }
        laid
    }
}
