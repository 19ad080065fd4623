"""The check of names and docstrings finds each word that it is made to find."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.wording import ALLOWED, OPENINGS, PROSE, ROOT, WORDS, check, unused

FILE = Path("some_module.py")

PLACES = {
    "module": ("", "{0}_x.py"),
    "function": ("def x_{0}() -> None: ...", None),
    "coroutine": ("async def {0}_x() -> None: ...", None),
    "private function": ("def _{0}_x() -> None: ...", None),
    "class": ("class X{1}: ...", None),
    "method": ("class X:\n    def {0}_x(self) -> None: ...", None),
    "parameter": ("def x(x_{0}: int) -> None: ...", None),
    "keyword parameter": ("def x(*, x_{0}: int) -> None: ...", None),
    "attribute": ("self.x_{0} = 1", None),
    "field": ("class X:\n    x_{0}: int = 1", None),
    "member of an enum": ("class X(Enum):\n    X_{2} = 1", None),
    "constant": ("_{2} = 1", None),
    "variable": ("for x_{0} in x: ...", None),
    "import": ("import x as x_{0}", None),
    "error": ("try: ...\nexcept X as x_{0}: ...", None),
    "pattern": ("match x:\n    case [x_{0}]: ...", None),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_found_wherever_a_name_is_bound(word: str, place: str) -> None:
    source, name = PLACES[place]
    path = Path(name.format(word)) if name else FILE
    (found,) = check(path, source.format(word, word.capitalize(), word.upper()))
    assert found.path == path
    assert f"has {word!r}; write {WORDS[word]}" in found.message


@pytest.mark.parametrize("word", [*OPENINGS, *(one.capitalize() for one in WORDS)])
def test_a_docstring_begins_with_an_imperative(word: str) -> None:
    source = 'def x() -> int:\n    """{} x."""'
    (found,) = check(FILE, source.format(word))
    assert found.line == 1
    assert f"begins with {word!r}" in found.message
    assert [*check(FILE, source.format("Return"))] == []


def test_the_docstring_of_a_property_may_begin_with_a_noun() -> None:
    for decorator in ("property", "cached_property", "functools.cached_property"):
        source = f'class X:\n    @{decorator}\n    def x(self) -> int:\n        """The x."""'
        assert [*check(FILE, source)] == []


def test_parts_of_other_words_are_no_findings() -> None:
    assert [*check(FILE, "keyword = password = shortcut = returns = keychain = 1")] == []


@pytest.mark.parametrize("name", ALLOWED)
def test_an_exception_is_one_exact_name(name: str) -> None:
    assert [*check(FILE, f"{name} = 1")] == []
    assert [*check(FILE, f"{name}_x = 1")] != []


def test_an_exception_that_no_module_needs_is_reported() -> None:
    first, *others = ALLOWED
    assert unused([(FILE, "\n".join(f"{one} = 1" for one in others))]) == {first}


@pytest.mark.parametrize("text", ["# It {}.", 'x = f"It {} {{x}}"', '"""Return x.\n\nIt {} x."""'])
@pytest.mark.parametrize("word", sorted(PROSE))
def test_a_text_of_the_program_has_none_of_some_words(word: str, text: str) -> None:
    (found,) = check(ROOT / "src/billql/some.py", text.format(word))
    assert f"has {word!r}" in found.message
    for path in (
        "src/billql/sandbox/stripe/some.py",
        "bench/some.py",
    ):  # an API's texts, other programs'
        assert [*check(ROOT / path, text.format(word))] == []


def test_a_name_in_a_text_is_none_of_its_words() -> None:
    for name in ("`tell`", "x.tell", "tell_all", "tell()"):
        assert [*check(ROOT / "src/billql/some.py", f"# It has {name}.")] == []
