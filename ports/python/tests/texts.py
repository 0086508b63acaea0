"""JSON texts and values for properties: what strict JSON has, and what comes close to it."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

settings.register_profile("natsbridge", deadline=None, max_examples=60)
settings.load_profile("natsbridge")

texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=40)
"""Any strings without lone surrogates."""

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5), max_leaves=20
)
"""Any values that JSON has."""

pieces = st.sampled_from(
    [
        *'{}[]":,\\/ \t\n0123456789-+.eE',
        '""', '"a"', '"a":', '"a":1', "null", "true", "false", "NaN", "Infinity", "-0", "-0.0", "1e400", "1E+0400", "0e999",
        "18446744073709551615", "18446744073709551616", "-9223372036854775808", "-9223372036854775809", "1" * 30,
        "123456789012345678901e308", '"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00\\ud800"', '"\\\\ud800"', '"\\u0041"', '"[{"',
        '"\\"]"', "\ufeff", "é", "\x00", "\x1f", "[" * 64, "[" * 65, "]" * 64, '{"a":' * 63, "}" * 63, '"e000"', "[[]]",
    ]
)  # fmt: skip
nearly_json = st.lists(pieces, max_size=14).map("".join)
"""Texts of JSON's tokens in any order, few of which are JSON."""
