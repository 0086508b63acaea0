//! What is killed when.

/// A process that is killed and restarted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Victim {
    Server,
    Receiver,
}

/// Who is killed, and after how many delivered messages: evenly over the trial, the kinds mixed, with as many messages before the
/// first and behind the last as between any two.
pub(super) fn schedule(messages: u32, servers: u32, receivers: u32) -> Vec<(u32, Victim)> {
    // Each kind evenly over the trial by itself: the middle of each of its parts, in a unit in which that is a whole number.
    let middles = |victim, count: u32, other: u32| {
        (0..count).map(move |index| {
            let place = (2 * u64::from(index) + 1) * u64::from(other.max(1));
            (place, victim)
        })
    };
    let mut victims: Vec<(u64, Victim)> = middles(Victim::Server, servers, receivers)
        .chain(middles(Victim::Receiver, receivers, servers))
        .collect();
    victims.sort_by_key(|(place, _)| *place);
    let parts = u64::from(servers) + u64::from(receivers) + 1;
    let moments = (1..).map(|index| (u64::from(messages) * index / parts) as u32);
    let victims = victims.into_iter().map(|(_, victim)| victim);
    moments.zip(victims).collect()
}

/// How many messages have to be handled between the first kill and the last: 20,000 of 100,000, and as large a part of fewer.
pub(super) fn between(messages: u32, kills: u32) -> u32 {
    match kills {
        0 | 1 => 0,
        _ => (messages / 5).min(20_000),
    }
}

#[cfg(test)]
mod tests {
    use super::Victim::{Receiver, Server};
    use super::*;

    #[test]
    fn kills_are_spread_over_the_trial() {
        let kills = schedule(80_000, 5, 2);
        let victims: Vec<Victim> = kills.iter().map(|(_, victim)| *victim).collect();
        assert_eq!(
            victims,
            [Server, Receiver, Server, Server, Server, Receiver, Server]
        );
        let moments: Vec<u32> = kills.iter().map(|(at, _)| *at).collect();
        assert_eq!(
            moments,
            [10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000]
        );
        assert_eq!(schedule(100, 0, 0), []);
        assert_eq!(schedule(100, 1, 0), [(50, Server)]);
    }

    #[test]
    fn a_fifth_lies_between() {
        assert_eq!(between(100_000, 7), 20_000);
        assert_eq!(between(1_000_000, 7), 20_000);
        assert_eq!(between(3_000, 3), 600);
        assert_eq!(between(3_000, 1), 0);
    }
}
