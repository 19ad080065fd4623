"""JSON that is parsed keeps every digit, and is written as it was."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.util.exact_json import exact, has_real, is_broken, parse, written

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**18, 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "number", [5e39, 1e16, 5e-7, 0.5, -1.5e300, 4_999_999_999_999_999_849 * 10**21]
)
@pytest.mark.parametrize("place", [lambda one: one, lambda one: [one], lambda one: {"a": [one]}])
def test_a_number_that_the_usual_parser_changes_is_seen(
    number: float, place: Callable[[Any], Any]
) -> None:
    quick, _ = parse(json.dumps(place(number)).encode())
    assert has_real([quick])


@given(documents)
def test_what_is_parsed_is_written_alike(data: Any) -> None:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    (again,) = written([exact(text.encode())])
    assert (None if again is None else json.loads(again)) == data
    numbers = [number for number in _numbers(data) if isinstance(number, float)]
    long = [n for n in _numbers(data) if isinstance(n, int) and not -(2**63) <= n < 2**64]
    quick, was_exact = parse(text.encode())
    assert not was_exact
    assert not is_broken(quick)
    # No number that the usual parser changes goes unnoticed.
    assert has_real([quick]) or not (numbers or long)


def _numbers(data: Any) -> Sequence[Any]:
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        return list(itertools.chain.from_iterable(map(_numbers, data)))
    return [data] if isinstance(data, int | float) and not isinstance(data, bool) else []
