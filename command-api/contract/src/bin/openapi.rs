//! Prints `openapi.json`; `cargo xtask codegen` writes it down.

fn main() -> Result<(), serde_json::Error> {
    println!("{}", serde_json::to_string_pretty(&contract::openapi::openapi())?);
    Ok(())
}
