//! Prints `openapi.json`, or with `--schema` the JSON Schema of the wire; `cargo xtask codegen`
//! writes them down.

fn main() -> Result<(), serde_json::Error> {
    let schema = std::env::args().any(|a| a == "--schema");
    let document =
        if schema { contract::openapi::wire_schema() } else { contract::openapi::openapi() };
    println!("{}", serde_json::to_string_pretty(&document)?);
    Ok(())
}
