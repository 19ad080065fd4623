"""Texts are drawn that match the patterns of definitions."""

from __future__ import annotations

import re

import pytest

from billql.definitions.catalog import Catalog
from billql.sandbox.mock.patterns import matching
from billql.sandbox.rng import Rng

PATTERNS = (
    *("AC[0-9a-fA-F]{32}", "(SM|MM)[0-9a-fA-F]{32}", "cus_[A-Za-z0-9]+", "[1-9][0-9]*"),
    *(r"\d{3}-\w{2,4}", "a?b*c+", "(?:ab|cd(e|f)){2}", "a{2,}", r"\[x\]", "[-a]", "[a-]", "^x$"),
    *("[^*]+", r"[\d.]{3}", "a.c", ""),
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_text_is_drawn_that_matches(pattern: str) -> None:
    for number in range(20):
        text = matching(pattern, Rng(1, number))
        assert text is not None
        assert re.fullmatch(pattern, text, re.ASCII)
    drawn = {matching("[0-9a-f]{32}", Rng(1, number)) for number in range(20)}
    assert len(drawn) == 20


@pytest.mark.parametrize("pattern", ["(?=a)b", r"\s", "(?<!x)y"])
def test_what_is_not_read_gives_nothing(pattern: str) -> None:
    assert matching(pattern, Rng(1)) is None


def test_the_patterns_of_the_definitions_that_are_shipped_are_read() -> None:
    catalog = Catalog()
    found = {
        parameter.pattern
        for name in catalog.names()
        for method in catalog.table(name).resource.methods.values()
        for parameter in method.parameters.values()
        if parameter.pattern is not None
    }
    assert found
    assert [one for one in sorted(found) if matching(one, Rng(1)) is None] == []
