//! The fast codec against the plain path: the same verdict, the same values, the same bytes.

use natsbridge::{Decoder, Draft, Error, Incoming, Part};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::messages::encode;

/// What a decoder says, in a form that can be compared.
fn verdict(result: Result<Incoming, Error>) -> Result<String, String> {
    let received = result.and_then(|incoming| incoming.finish([]));
    let told = |error: Error| {
        format!(
            "{error} {:?} {:?} {:?}",
            error.phase(),
            error.pointer(),
            error.found()
        )
    };
    received
        .map(|received| format!("{:?}", received.payloads))
        .map_err(told)
}

fn assert_alike(text: &[u8]) -> Result<(), TestCaseError> {
    let decoder = Decoder::new();
    prop_assert_eq!(
        verdict(decoder.decode(text)),
        verdict(decoder.decode_plainly(text))
    );
    Ok(())
}

fn message(payloads: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let parts = payloads
        .into_iter()
        .map(|(name, bytes)| Part::binary(name, bytes));
    let outgoing = encode(Draft::new("a.b", parts)).expect("a message");
    outgoing.finish_bytes().expect("a message").1
}

fn payloads() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    prop::collection::vec(
        (any::<String>(), prop::collection::vec(any::<u8>(), 0..80)),
        1..4,
    )
}

/// One change of a text.
#[derive(Clone, Debug)]
enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    Copy(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(b"\"\\=+/AZ09{}[],: \n-_".as_slice())
    ];
    prop_oneof![
        (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), byte).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        any::<Index>().prop_map(Change::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Copy(from, to)),
    ]
}

fn apply(text: &mut Vec<u8>, change: &Change) {
    let length = text.len().max(1);
    match change {
        _ if text.is_empty() => {}
        Change::Replace(at, byte) => text[at.index(length)] = *byte,
        Change::Insert(at, byte) => text.insert(at.index(length), *byte),
        Change::Remove(at) => drop(text.remove(at.index(length))),
        Change::Cut(at) => text.truncate(at.index(length)),
        Change::Copy(from, to) => text[to.index(length)] = text[from.index(length)],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn changed_messages_are_judged_alike(payloads in payloads(), changes in prop::collection::vec(change(), 0..4)) {
        let mut text = message(payloads);
        for change in &changes {
            apply(&mut text, change);
        }
        assert_alike(&text)?;
    }

    /// Changes of `data` and `size` alone, where the fast path has an opinion of its own.
    #[test]
    fn changed_data_is_judged_alike(
        bytes in prop::collection::vec(any::<u8>(), 0..40),
        size in prop_oneof!["0", "-?[0-9]{1,17}", "[0-9]{1,2}", "[0-9]\\.0", "[0-9]e[0-9]"],
        change in change(),
    ) {
        let text = String::from_utf8(message(vec![(String::new(), bytes.clone())])).expect("UTF-8");
        let size_member = format!("\"size\":{}", bytes.len());
        assert_alike(text.replace(&size_member, &format!("\"size\":{size}")).as_bytes())?;
        let start = text.find("\"data\":").expect("data");
        let end = text[start..].find(",\"metadata\"").expect("metadata") + start;
        let mut data = text.as_bytes()[start + 7..end].to_vec();
        apply(&mut data, &change);
        assert_alike(&[&text.as_bytes()[..start + 7], &data, &text.as_bytes()[end..]].concat())?;
    }

    #[test]
    fn the_canonical_writer_and_serde_agree(payloads in payloads(), extra in any::<String>()) {
        let text = message(payloads);
        let mut envelope = Decoder::new().decode(&text).expect("valid").envelope().clone();
        prop_assert_eq!(serde_json::to_vec(&envelope).expect("JSON"), text);
        envelope.sender_name = extra.chars().take(200).collect();
        envelope.extra.insert(format!("x-{extra}"), extra.into());
        let written = serde_json::to_vec(&envelope).expect("JSON");
        let again = Decoder::new().decode(&written).expect("valid");
        prop_assert_eq!(again.envelope(), &envelope);
    }
}

#[test]
fn data_before_size_takes_the_plain_way() {
    let text =
        String::from_utf8(message(vec![("n".to_owned(), b"Hello".to_vec())])).expect("UTF-8");
    let swapped = text.replace(
        "\"size\":5,\"data\":\"SGVsbG8=\"",
        "\"data\":\"SGVsbG8=\",\"size\":5",
    );
    assert_ne!(text, swapped);
    assert_eq!(
        verdict(Decoder::new().decode(&swapped)),
        verdict(Decoder::new().decode(&text))
    );
}
