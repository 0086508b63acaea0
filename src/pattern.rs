//! Patterns of whole strings as tables: linear time, no regex engine. The tables are generated.

/// A pattern that a whole string matches or not.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// Every text that matches has one length, and what may stand at one place does not depend on the others.
    Chain {
        /// Whether the empty text matches besides.
        empty: bool,
        /// For each character of ASCII, the sets that it is in, one bit each.
        sets: &'static [u8; 128],
        /// For each place, the bit of the set whose members may stand there.
        places: &'static [u8],
    },
    /// Anything else: a deterministic automaton. State 0 is dead, state 1 is the start.
    Automaton {
        /// The class of each character of ASCII.
        classes: &'static [u8; 128],
        /// The first scalar value of each range from U+0080 on, ascending, with its class.
        wide: &'static [(u32, u8)],
        /// The next states: row `state << shift`, column the class.
        steps: &'static [u8],
        /// By how many bits a state is shifted to find its row.
        shift: u32,
        /// For each state 1 if a text may end there, else 0.
        accepts: &'static [u8],
    },
}

const DEAD: u8 = 0;
const START: u8 = 1;

impl Pattern {
    /// Whether the whole text matches. Takes time in proportion to its length, at most that of the longest match.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Chain {
                empty,
                sets,
                places,
            } => {
                if text.len() != places.len() {
                    return *empty && text.is_empty();
                }
                // No early end: without branches the places are independent of each other.
                let fits = |(byte, place): (u8, &u8)| {
                    sets.get(usize::from(byte)).map_or(0, |sets| sets & place)
                };
                text.bytes()
                    .zip(*places)
                    .map(fits)
                    .fold(true, |all, set| all & (set != 0))
            }
            Pattern::Automaton {
                classes,
                wide,
                steps,
                shift,
                accepts,
            } => {
                let mut state = START;
                for scalar in text.chars().map(u32::from) {
                    let class = match classes.get(scalar as usize) {
                        Some(class) => *class,
                        None => class_of(wide, scalar),
                    };
                    let at = (usize::from(state) << shift) | usize::from(class);
                    state = steps.get(at).copied().unwrap_or(DEAD);
                    if state == DEAD {
                        return false;
                    }
                }
                accepts.get(usize::from(state)) == Some(&1)
            }
        }
    }
}

fn class_of(wide: &[(u32, u8)], scalar: u32) -> u8 {
    let after = wide.partition_point(|(first, _)| *first <= scalar);
    after
        .checked_sub(1)
        .and_then(|at| wide.get(at))
        .map_or(0, |(_, class)| *class)
}

#[cfg(test)]
mod tests {
    use crate::generated::{
        BROKER_URL, DETAILS_POINTER, LINK, SUBJECT, SUBJECT_OR_EMPTY, UUID, UUID_OR_EMPTY,
    };

    #[test]
    fn chains_match_whole_texts() {
        let id = "0123abcd-EF01-2345-6789-abcdefABCDEF";
        assert!(UUID.matches(id) && UUID_OR_EMPTY.matches(id) && UUID_OR_EMPTY.matches(""));
        for (at, _) in id.char_indices() {
            for wrong in ["g", " ", "_", "\0", "\u{7f}", "/", ":", "@", "`"] {
                let text = format!("{}{wrong}{}", &id[..at], &id[at + 1..]);
                assert!(!UUID.matches(&text), "{text}");
            }
            let text = format!("{}{}", &id[..at], &id[at + 1..]);
            assert!(
                !UUID.matches(&text) && !UUID_OR_EMPTY.matches(&text),
                "{text}"
            );
        }
        assert!(!UUID.matches("") && !UUID.matches(&format!("{id}a")));
        // 36 bytes, 35 characters.
        assert!(!UUID.matches("0123abcd-EF01-2345-6789-abcdefABCDé"));
    }

    #[test]
    fn automata_match_whole_texts() {
        for text in ["a", "a.b", "*a", "é.\u{10ffff}", "\u{80}"] {
            assert!(SUBJECT.matches(text), "{text:?}");
        }
        for text in [
            "",
            "a.",
            ".a",
            "a..b",
            "*",
            "a.>",
            "a b",
            "é.\u{1f}",
            "\u{7f}",
        ] {
            assert!(!SUBJECT.matches(text), "{text:?}");
        }
        assert!(SUBJECT_OR_EMPTY.matches(""));
        assert!(DETAILS_POINTER.matches("/a~1b/€/0") && !DETAILS_POINTER.matches("/a~2"));
        assert!(
            LINK.matches("http://a/%41?b=c")
                && !LINK.matches("http://a/%4")
                && !LINK.matches("http://u@a/")
        );
        assert!(
            BROKER_URL.matches("nats://a:4222,TLS://[::1]")
                && !BROKER_URL.matches("nats://a:4222,")
        );
    }
}
