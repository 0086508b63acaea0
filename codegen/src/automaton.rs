//! Patterns as small deterministic automata, so that every backend emits the same linear-time
//! whole-match code and no language needs its regex engine.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::dialect::{Expr, LAST_SCALAR};

/// The state that nothing leads out of and that does not accept.
pub const DEAD: usize = 0;

/// The state that a match starts in.
pub const START: usize = 1;

/// A minimal deterministic automaton over classes of Unicode scalar values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Automaton {
    /// The first scalar value of each range and the range's class, ascending; the first starts at 0
    /// and each ends where the next one starts.
    pub ranges: Vec<(u32, usize)>,
    /// How many classes there are.
    pub classes: usize,
    /// For each state, the next state by class. State 0 is dead, state 1 is the start.
    pub steps: Vec<Vec<usize>>,
    /// For each state, whether a text may end there.
    pub accepts: Vec<bool>,
}

impl Automaton {
    /// Builds the automaton of a pattern.
    pub fn new(expr: &Expr) -> Self {
        let mut nfa = Nfa::default();
        let start = nfa.state();
        let end = nfa.add(expr, start);
        let ranges = nfa.ranges();
        let (steps, accepts) = determined(&nfa, start, end, &ranges);
        minimal(&ranges, &steps, &accepts)
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let mut state = START;
        for scalar in text.chars() {
            state = self.steps[state][self.class(u32::from(scalar))];
        }
        self.accepts[state]
    }

    /// The class of a scalar value.
    pub fn class(&self, scalar: u32) -> usize {
        let next = self.ranges.partition_point(|&(first, _)| first <= scalar);
        self.ranges[next - 1].1
    }

    /// If every text that matches has one length and what may stand at one position does not depend
    /// on the others: for each position, its classes. The empty text may match besides.
    pub fn chain(&self) -> Option<Vec<Vec<usize>>> {
        let mut positions = Vec::new();
        let mut state = START;
        loop {
            let live: Vec<usize> = (0..self.classes)
                .filter(|&class| self.steps[state][class] != DEAD)
                .collect();
            let Some(&first) = live.first() else {
                return self.accepts[state].then_some(positions);
            };
            let next = self.steps[state][first];
            let ends_early = self.accepts[state] && state != START;
            let branches = live.iter().any(|&class| self.steps[state][class] != next);
            if ends_early || branches || positions.len() > self.steps.len() {
                return None;
            }
            positions.push(live);
            state = next;
        }
    }
}

/// A step on any scalar value of some ranges.
struct Move {
    on: Vec<(u32, u32)>,
    to: usize,
}

/// A non-deterministic automaton after Thompson: moves on a set, and moves on nothing.
#[derive(Default)]
struct Nfa {
    moves: Vec<Vec<Move>>,
    free: Vec<Vec<usize>>,
}

impl Nfa {
    fn state(&mut self) -> usize {
        self.moves.push(Vec::new());
        self.free.push(Vec::new());
        self.moves.len() - 1
    }

    /// Adds what matches `expr` from `start` on, and gives the state behind it.
    fn add(&mut self, expr: &Expr, start: usize) -> usize {
        match expr {
            Expr::Set(ranges) => {
                let end = self.state();
                self.moves[start].push(Move {
                    on: ranges.clone(),
                    to: end,
                });
                end
            }
            Expr::Sequence(parts) => parts.iter().fold(start, |at, part| self.add(part, at)),
            Expr::Choice(parts) => {
                let end = self.state();
                for part in parts {
                    let from = self.state();
                    self.free[start].push(from);
                    let to = self.add(part, from);
                    self.free[to].push(end);
                }
                end
            }
            Expr::Repeat { inner, min, max } => {
                let mut at = (0..*min).fold(start, |at, _| self.add(inner, at));
                match max {
                    None => {
                        let from = self.state();
                        self.free[at].push(from);
                        let to = self.add(inner, from);
                        self.free[to].push(from);
                        from
                    }
                    Some(max) => {
                        let end = self.state();
                        for _ in *min..*max {
                            self.free[at].push(end);
                            at = self.add(inner, at);
                        }
                        self.free[at].push(end);
                        end
                    }
                }
            }
        }
    }

    /// The starts of the coarsest ranges that no set of a move divides.
    fn ranges(&self) -> Vec<u32> {
        let mut starts = BTreeSet::from([0]);
        for step in self.moves.iter().flatten() {
            for &(first, last) in &step.on {
                starts.insert(first);
                if last < LAST_SCALAR {
                    starts.insert(last + 1);
                }
            }
        }
        starts.into_iter().collect()
    }

    fn closed(&self, states: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut result = BTreeSet::new();
        let mut open: Vec<usize> = states.into_iter().collect();
        while let Some(state) = open.pop() {
            if result.insert(state) {
                open.extend(&self.free[state]);
            }
        }
        result
    }
}

/// The subset construction: steps by range, and which states accept.
fn determined(nfa: &Nfa, start: usize, end: usize, ranges: &[u32]) -> (Vec<Vec<usize>>, Vec<bool>) {
    let first = nfa.closed([start]);
    let mut numbers = BTreeMap::from([(BTreeSet::new(), DEAD), (first.clone(), START)]);
    let mut subsets = vec![BTreeSet::new(), first];
    let mut steps = Vec::new();
    while let Some(subset) = subsets.get(steps.len()).cloned() {
        let mut row = Vec::with_capacity(ranges.len());
        for &scalar in ranges {
            let next = nfa.closed(subset.iter().flat_map(|&state| {
                nfa.moves[state].iter().filter_map(move |step| {
                    let on = step.on.iter().any(|&(a, b)| (a..=b).contains(&scalar));
                    on.then_some(step.to)
                })
            }));
            let number = *numbers.entry(next.clone()).or_insert_with(|| {
                subsets.push(next);
                subsets.len() - 1
            });
            row.push(number);
        }
        steps.push(row);
    }
    let accepts = subsets.iter().map(|subset| subset.contains(&end)).collect();
    (steps, accepts)
}

/// Joins states that no text tells apart (after Moore), then ranges that no state tells apart.
fn minimal(ranges: &[u32], steps: &[Vec<usize>], accepts: &[bool]) -> Automaton {
    let mut group: Vec<usize> = accepts.iter().map(|&accept| usize::from(accept)).collect();
    loop {
        let mut numbers = BTreeMap::new();
        let next: Vec<usize> = steps
            .iter()
            .zip(&group)
            .map(|(row, &own)| {
                let key = (
                    own,
                    row.iter().map(|&state| group[state]).collect::<Vec<_>>(),
                );
                let number = numbers.len();
                *numbers.entry(key).or_insert(number)
            })
            .collect();
        let settled = numbers.len() == group.iter().collect::<BTreeSet<_>>().len();
        group = next;
        if settled {
            break;
        }
    }
    // Groups are numbered in the order of their first state, so the dead one stays 0 and the start 1:
    // a pattern of the dialect matches some text, so the two are never one group.
    let count = group.iter().max().map_or(0, |last| last + 1);
    let mut rows = vec![Vec::new(); count];
    let mut ends = vec![false; count];
    for (state, &number) in group.iter().enumerate() {
        rows[number] = steps[state].iter().map(|&to| group[to]).collect();
        ends[number] = accepts[state];
    }
    let mut columns = BTreeMap::new();
    let mut classed: Vec<(u32, usize)> = Vec::new();
    let mut kept = Vec::new();
    for (index, &first) in ranges.iter().enumerate() {
        let column: Vec<usize> = rows.iter().map(|row| row[index]).collect();
        let number = columns.len();
        let class = *columns.entry(column).or_insert_with(|| {
            kept.push(index);
            number
        });
        if classed.last().is_none_or(|&(_, last)| last != class) {
            classed.push((first, class));
        }
    }
    let steps = rows
        .iter()
        .map(|row| kept.iter().map(|&index| row[index]).collect())
        .collect();
    Automaton {
        ranges: classed,
        classes: kept.len(),
        steps,
        accepts: ends,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect;

    fn automaton(pattern: &str) -> Automaton {
        Automaton::new(&dialect::parse(pattern).expect("a pattern of the dialect"))
    }

    #[test]
    fn matches_whole_texts_only() {
        let a = automaton("^(ab|[c-e]{2,3})+$");
        for text in ["ab", "abab", "cde", "ccab", "cdecd"] {
            assert!(a.matches(text), "{text}");
        }
        for text in ["", "a", "abx", "xab", "c", "abc"] {
            assert!(!a.matches(text), "{text}");
        }
    }

    #[test]
    fn negated_classes_take_every_other_scalar() {
        let a = automaton("^[^a]$");
        assert!(a.matches("\u{10FFFF}") && a.matches("\0") && a.matches("é"));
        assert!(!a.matches("a") && !a.matches("bb"));
    }

    #[test]
    fn automata_are_minimal() {
        let a = automaton("^(aa|ab|ba|bb)$");
        assert_eq!((a.steps.len(), a.classes), (4, 2));
        assert_eq!(a, automaton("^[ab]{2}$"));
        assert_eq!(automaton("^(a|b)*$"), automaton("^(a*b*)*$"));
    }

    #[test]
    fn chains_are_found() {
        assert_eq!(automaton("^[0-9]a?$").chain(), None);
        assert_eq!(automaton("^(ab|cd)$").chain(), None);
        assert_eq!(automaton("^a*$").chain(), None);
        assert_eq!(
            automaton("^([0-9]{2}-)?$").chain().map(|chain| chain.len()),
            Some(3)
        );
        assert_eq!(
            automaton("^[0-9]{64}$").chain().map(|chain| chain.len()),
            Some(64)
        );
    }
}
