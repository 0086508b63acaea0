//! The command `natsbridge-conformance`.

fn main() {
    let schema = serde_json::to_string_pretty(&natsbridge_conformance::protocol::schema());
    println!("{}", schema.expect("a JSON value is JSON"));
}
