//! Prints the page of reasons; `cargo xtask codegen` writes it down.

use domain::refusal::Reason;

fn main() {
    println!("# Why something that was sent is refused\n");
    println!(
        "Every refusal is answered, counted, and kept with its raw bytes for `GET /v1/rejections`, \
         where it can be mended and sent again. Of an agency that floods (over 200 refusals a second, \
         or over its rate) all are counted and one line says how many were not kept; of what is \
         larger than 64 KiB the beginning is kept. The words are stable; new ones are added.\n"
    );
    println!("| reason | means | what to do |\n|---|---|---|");
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
    for reason in Reason::ALL {
        let (means, todo) = (cell(reason.means()), cell(reason.what_to_do()));
        println!("| `{}` | {means} | {todo} |", reason.wire());
    }
}
