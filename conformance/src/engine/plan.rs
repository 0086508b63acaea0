//! Every check of a run, listed before the first is done: one that gets no result is a failure.

use std::collections::BTreeSet;

use super::Contestant;
use crate::case::{Body, Case};
use crate::protocol::Capability;
use crate::report::Kind;

/// One check to be done; cases and ports by their index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    pub(super) kind: Kind,
    pub(super) case: usize,
    pub(super) producer: Option<usize>,
    pub(super) consumer: Option<usize>,
}

/// Checks that are done one after the other, because they ask the same adapter.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// The port that has a process of its own for this unit; else the port's two processes are asked.
    pub(super) alone: Option<usize>,
    /// Units of an earlier stage are done before those of a later one.
    pub(super) stage: usize,
    pub(super) checks: Vec<Planned>,
}

/// The stage of the link cases.
pub(super) const LINK_STAGE: usize = 4;
/// How many processes of one port do link cases side by side.
pub(super) const LANES: usize = 4;

/// All checks of these cases with these ports.
pub(super) fn plan(cases: &[Case], ports: &[Contestant]) -> Vec<Unit> {
    let mut units = Vec::new();
    let indices = |is: fn(&Body) -> bool| -> Vec<usize> {
        let chosen = cases.iter().enumerate().filter(|(_, case)| is(&case.body));
        chosen.map(|(index, _)| index).collect()
    };
    let decode = indices(|body| matches!(body, Body::Decode(_)));
    let encode = indices(|body| matches!(body, Body::Encode(_)));
    let answer = indices(|body| matches!(body, Body::Answer(_)));
    let delivery = indices(|body| matches!(body, Body::Delivery(_)));
    let link = indices(|body| matches!(body, Body::Link(_)));
    let received =
        indices(|body| matches!(body, Body::Encode(case) if case.expect.received.is_some()));
    let live = indices(
        |body| matches!(body, Body::Encode(case) if case.live && case.expect.received.is_some()),
    );
    let all: Vec<usize> = (0..ports.len()).collect();
    let producers: Vec<Option<usize>> = all.iter().copied().map(Some).collect();
    for port in &all {
        let port = Some(*port);
        let one = |kind, cases: &[usize], producer, consumer| -> Vec<Planned> {
            let planned = |case: &usize| Planned {
                kind,
                case: *case,
                producer,
                consumer,
            };
            cases.iter().map(planned).collect()
        };
        let each = |kind, cases: &[usize], producers: &[Option<usize>]| -> Vec<Planned> {
            let pairs = producers
                .iter()
                .map(|producer| one(kind, cases, *producer, port));
            pairs.flatten().collect()
        };
        let mut made = one(Kind::Encode, &encode, port, None);
        made.extend(one(Kind::Answer, &answer, port, None));
        let stages = [
            (0, made),
            (0, one(Kind::Decode, &decode, None, port)),
            (1, each(Kind::Matrix, &received, &producers)),
            (2, each(Kind::Live, &live, &producers)),
            (3, deliveries(cases, &delivery, ports, port)),
        ];
        for (stage, checks) in stages {
            units.push(Unit {
                alone: None,
                stage,
                checks,
            });
        }
        // They are waiting most of the time.
        let scenarios = one(Kind::Link, &link, None, port);
        for lane in 0..LANES {
            units.push(Unit {
                alone: port,
                stage: LINK_STAGE,
                checks: scenarios
                    .iter()
                    .copied()
                    .skip(lane)
                    .step_by(LANES)
                    .collect(),
            });
        }
    }
    units.retain(|unit| !unit.checks.is_empty());
    units.sort_by_key(|unit| unit.stage);
    units
}

/// Only who can deliver is asked to; that others cannot is no hole in a matrix of those who can.
fn deliveries(
    cases: &[Case],
    delivery: &[usize],
    ports: &[Contestant],
    consumer: Option<usize>,
) -> Vec<Planned> {
    let senders: BTreeSet<usize> = (0..ports.len())
        .filter(|index| {
            ports
                .get(*index)
                .is_some_and(|port| port.abilities.has(Capability::Deliver))
        })
        .collect();
    let mut planned = Vec::new();
    for sender in senders {
        for case in delivery {
            let alone = matches!(cases.get(*case).map(|case| &case.body), Some(Body::Delivery(delivery)) if delivery.receiver.answer().is_none());
            // To nobody, or to the runner itself, it goes once for each sender, not once for each receiver.
            if alone && consumer != Some(sender) {
                continue;
            }
            planned.push(Planned {
                kind: Kind::Delivery,
                case: *case,
                producer: Some(sender),
                consumer: if alone { None } else { consumer },
            });
        }
    }
    planned
}
