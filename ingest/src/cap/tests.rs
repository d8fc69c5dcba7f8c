use super::decode::decode;
#[test]
fn verdicts_by_hand() {
    let Ok(dir) = std::env::var("CAP_DIR") else { return };
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with("xsd") || name.ends_with("csv") {
            continue;
        }
        match decode(&std::fs::read(&path).unwrap()) {
            Ok(m) => println!("{name}: accept {:?} infos {}", m.version, m.infos.len()),
            Err(f) => println!("{name}: refuse {:?} {f}", f.list[0].reason),
        }
    }
}
