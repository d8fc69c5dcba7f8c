//! Judges CAP messages: the names of files as arguments, a line each: `accept`, `accept as CAP 1.1`
//! or `refuse` with the reason and everything that is wrong.

use ingest::cap::decode::decode;
use ingest::judge::Why;

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let verdict = match decode(&std::fs::read(&path)?) {
            Ok(message) => match message.version {
                domain::warning::CapVersion::V1_2 => "accept".to_owned(),
                domain::warning::CapVersion::V1_1 => "accept as CAP 1.1".to_owned(),
            },
            Err(faults) => {
                let why = Why::from(faults);
                format!("refuse\t{}\t{}", why.reason.wire(), why.detail)
            }
        };
        println!("{path}\t{verdict}");
    }
    Ok(())
}
