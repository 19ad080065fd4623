"""What stands before a fault is seen before it, however far the parser looks ahead."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from billql.definitions.yaml_events import events


def seen(text: str | bytes) -> tuple[Counter[str], str]:
    """Return how many events of each kind come, and the fault that ends them."""
    kinds: Counter[str] = Counter()
    try:
        for event in events(text if isinstance(text, bytes) else text.encode()):
            kinds[type(event).__name__] += 1
    except yaml.YAMLError as error:
        return kinds, type(error).__name__
    return kinds, ""


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        pytest.param("[" * 60 + "@", 60, id="a fault in the same line"),
        pytest.param("[[[%", 3, id="a few"),
        pytest.param("a: 1\nb: 'x'\nc: [[[`", 3, id="below"),
        pytest.param("\ufeff[[[@", 3, id="a mark of UTF-8"),
        pytest.param("é: [[[@", 3, id="beyond ASCII"),
        pytest.param("é: [[[@".encode("utf-16"), 3, id="UTF-16"),
    ],
)
def test_lists_before_a_fault_are_seen(text: str | bytes, lists: int) -> None:
    kinds, fault = seen(text)
    assert kinds["SequenceStartEvent"] == lists
    assert fault in ("ScannerError", "ParserError")


@pytest.mark.parametrize("opening", ["[", "{[", "{a: ", "- ", "? "])
@pytest.mark.parametrize("count", [900, 1_100, 3_000])
def test_levels_are_seen_before_the_parsers_own_bound(opening: str, count: int) -> None:
    kinds, _ = seen(opening * count)
    assert kinds["SequenceStartEvent"] + kinds["MappingStartEvent"] >= 900


def test_every_event_is_seen_once() -> None:
    text = "a: [1, {b: 2}]\nc: |\n  text\nd: &x [*x]\n"
    expected = Counter(type(event).__name__ for event in yaml.parse(text, Loader=yaml.SafeLoader))
    assert seen(text) == (expected, "")
    kinds, fault = seen(text + "e: @")
    assert (kinds["ScalarEvent"], kinds["AliasEvent"], fault) == (9, 1, "ScannerError")
