//! How many cases there are at least: a file that is lost, or not read, is noticed.

use super::{Body, Case};

/// A kind of case, how many there are, and how many there must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    pub(crate) what: &'static str,
    pub(crate) count: usize,
    pub(crate) least: usize,
}

/// The kinds that have a least number.
pub(crate) fn floors(cases: &[Case]) -> [Floor; 6] {
    let count = |is: fn(&Case) -> bool| cases.iter().filter(|case| is(case)).count();
    let floor = |what, count, least| Floor { what, count, least };
    [
        floor("golden and negative cases", count(is_reviewed), 250),
        floor("generated negatives", count(is_generated), 300),
        floor("Arrow cases", count(is_about_arrow), 60),
        floor(
            "link scenarios",
            count(|case| matches!(case.body, Body::Link(_))),
            25,
        ),
        floor(
            "encode cases",
            count(|case| matches!(case.body, Body::Encode(_))),
            100,
        ),
        floor(
            "deliveries",
            count(|case| matches!(case.body, Body::Delivery(_))),
            4,
        ),
    ]
}

fn is_generated(case: &Case) -> bool {
    case.file.starts_with("negative-")
}

/// What a person has written or looked at.
fn is_reviewed(case: &Case) -> bool {
    matches!(
        case.body,
        Body::Decode(_) | Body::Encode(_) | Body::Answer(_)
    ) && !is_generated(case)
}

fn is_about_arrow(case: &Case) -> bool {
    matches!(&case.body, Body::Decode(decode) if decode.needs.iter().any(|need| need == "arrowtable"))
}
