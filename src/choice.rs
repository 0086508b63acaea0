//! Which payloads ride in the envelope and which go by link (FR-003, FR-004, W5.1).

use crate::generated::CHOICE;

/// One payload, as far as the choice needs to know it. Lengths are those of the whole payload object in the JSON text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    /// Bytes of the serialized payload.
    pub(crate) size: u64,
    /// Length where it is direct.
    pub(crate) direct: u64,
    /// Length where it is linked, without the URL.
    pub(crate) linked: u64,
    /// Whether its bytes are elsewhere, so that only a link can carry them.
    pub(crate) external: bool,
}

/// The limits within which the choice is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// From this many bytes on, a payload is linked.
    pub(crate) size_threshold: u64,
    /// The whole JSON text, at most.
    pub(crate) max_message_bytes: u64,
}

/// For each payload whether it is linked.
///
/// `header` is the length of the envelope with no payload in it.
///
/// # Errors
///
/// The length of the shortest message that could be made, where that is still too long.
pub(crate) fn choose(
    header: u64,
    candidates: &[Candidate],
    bounds: Bounds,
) -> Result<Vec<bool>, u64> {
    let linked = |candidate: &Candidate| {
        candidate.external || (candidate.size >= bounds.size_threshold && candidate.size > 0)
    };
    let mut links: Vec<bool> = candidates.iter().map(linked).collect();
    let mut total = header.saturating_add(candidates.len().saturating_sub(1) as u64);
    for (candidate, linked) in candidates.iter().zip(&links) {
        total = total.saturating_add(if *linked {
            link_length(candidate)
        } else {
            candidate.direct
        });
    }
    let mut movable: Vec<usize> = (0..candidates.len())
        .filter(|index| {
            !links[*index]
                && base64_length(candidates[*index].size) >= CHOICE.min_moved_base64_bytes
        })
        .collect();
    movable.sort_by_key(|index| std::cmp::Reverse(candidates[*index].size));
    let mut movable = movable.into_iter();
    while total > bounds.max_message_bytes {
        let index = movable.next().ok_or(total)?;
        total = total
            .saturating_sub(candidates[index].direct)
            .saturating_add(link_length(&candidates[index]));
        links[index] = true;
    }
    Ok(links)
}

fn link_length(candidate: &Candidate) -> u64 {
    candidate.linked.saturating_add(CHOICE.link_bytes)
}

fn base64_length(size: u64) -> u64 {
    crate::base64::encoded_len(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(size: u64) -> Candidate {
        Candidate {
            size,
            direct: 300 + base64_length(size),
            linked: 300,
            external: false,
        }
    }

    fn links(
        sizes: &[u64],
        size_threshold: u64,
        max_message_bytes: u64,
    ) -> Result<Vec<usize>, u64> {
        let candidates: Vec<Candidate> = sizes.iter().copied().map(payload).collect();
        let links = choose(
            400,
            &candidates,
            Bounds {
                size_threshold,
                max_message_bytes,
            },
        )?;
        Ok((0..sizes.len()).filter(|index| links[*index]).collect())
    }

    #[test]
    fn the_threshold_itself_is_linked() {
        assert_eq!(
            links(&[499_999, 500_000, 500_001, 0], 500_000, 10_000_000),
            Ok(vec![1, 2])
        );
        assert_eq!(
            links(&[0, 1], 0, 10_000),
            Ok(vec![1]),
            "0 bytes are always direct"
        );
    }

    #[test]
    fn the_largest_move_first_and_of_equals_the_first() {
        assert_eq!(
            links(&[300_000, 400_000, 400_000, 100], 500_000, 1_048_576),
            Ok(vec![1])
        );
        assert_eq!(
            links(&[400_000, 300_000, 400_000, 400_000], 500_000, 1_048_576),
            Ok(vec![0, 2])
        );
    }

    #[test]
    fn small_ones_never_move() {
        assert_eq!(base64_length(765), 1020);
        assert_eq!(links(&[765; 10], 500_000, 5_000), Err(400 + 9 + 10 * 1320));
        assert_eq!(links(&[768; 10], 500_000, 12_000), Ok(vec![0, 1, 2, 3]));
    }

    #[test]
    fn the_bound_is_inclusive() {
        let exact = 400 + 300 + base64_length(9_000);
        assert_eq!(links(&[9_000], 500_000, exact), Ok(vec![]));
        assert_eq!(links(&[9_000], 500_000, exact - 1), Ok(vec![0]));
        assert_eq!(
            links(&[9_000], 500_000, 400 + 300 + 512 - 1),
            Err(400 + 300 + 512)
        );
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        assert!(
            choose(
                u64::MAX,
                &[Candidate {
                    size: u64::MAX,
                    direct: u64::MAX,
                    linked: u64::MAX,
                    external: true
                }; 3],
                Bounds {
                    size_threshold: 1,
                    max_message_bytes: 1
                }
            )
            .is_err()
        );
    }
}
