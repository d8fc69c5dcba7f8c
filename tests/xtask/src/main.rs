//! The one tool: demo, test, bench, codegen.
fn main() {}
