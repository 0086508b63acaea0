//! The kinds of messages that the probe sends.

use natsbridge::{Part, SmartSend, smartsend};

/// One kind of message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A text of 40 bytes, in the message.
    Small,
    /// 10,000 bytes, in the message.
    TenKb,
    /// 500,000 bytes, by link.
    Link,
}

impl Kind {
    pub(super) const ALL: [Kind; 3] = [Kind::Small, Kind::TenKb, Kind::Link];

    /// Its place in [`Kind::ALL`].
    pub(super) fn index(self) -> usize {
        self as usize
    }

    /// What it is called in lines and metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Small => "small",
            Kind::TenKb => "10kb",
            Kind::Link => "link",
        }
    }

    /// A message of this kind. Whether it goes by link does not depend on SIZE_THRESHOLD, and one that has to never goes direct.
    pub(super) fn message(self, subject: &str) -> SmartSend {
        const NEVER: u64 = 1 << 30;
        let (part, threshold) = match self {
            Kind::Small => (
                Part::text("probe", "natsbridge probe, forty bytes of a text."),
                NEVER,
            ),
            Kind::TenKb => (Part::binary("probe", vec![0x5A; 10_000]), NEVER),
            Kind::Link => (Part::binary("probe", vec![0x5A; 500_000]), 1),
        };
        smartsend(subject, [part])
            .size_threshold(threshold)
            .fallback(false)
            .sender_name("natsbridge probe")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_knows_its_place() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index);
        }
    }
}
