"""A document in parts says what it says as a whole, and what nobody asks for stays text."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator

import pytest
import yaml

from billql.definitions import yaml_events
from billql.definitions.stackql import parts as parts_of
from billql.definitions.stackql import values
from billql.definitions.stackql.document import Document, made_of
from billql.definitions.stackql.parts import NotInParts, Parts, in_parts
from billql.errors import DefinitionError
from support.stackql.harbor import DOCUMENTS
from support.stackql.pieces import HERE, in_one_piece, piece_by_piece

SERVICES = DOCUMENTS / "v00.00.00000" / "services"


def is_cut(text: bytes) -> bool:
    """Return whether a document can be read in parts; what it says is the same if it can."""
    assert piece_by_piece(text) == in_one_piece(text)
    try:
        with in_parts(HERE, text):
            return True
    except NotInParts:
        return False


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [1, 2]\nc: {d: 2}\n",
        "# first\n\na:\n\n  # second\n  b:\n    c:\n      d: 1\n # third\n  e: 2\n# last",
        "a:\n    b:\n        c:\n            d:\n                e: 1\n    f:\ng:",
        "a:\n- b: 1\n  c: 2\n-\n  - 3\nd:\n  e:\n  - 4\n",
        "a: |\n  b: 1\n\n  c: 2\n\nd: |2-\n    e: 1\n\n# f\ng: >+\n  h\n\n\ni: 1",
        "a:\n  b: |\n    c: 1\n   # d\n  e: >\n\n    f\n",
        "a:\n  b: one\n    two\n  c: 1\n",
        "a:\n  b: 'one\n    two: three'\n  c: \"d\n      e: f\"\n",
        "a:\n  b: {c: 1,\n    d: 2}\n  e: [\n    f]\n",
        "'a b':\n  \"c: d\": 1\n  '': 2\n  200: 3\n  /e/{f}:get?g=#h: 4\n  i:j: 5\n",
        "a: !x 1\nb: !!map\n  c: 1\n",
        "a: R & D, *b* and &c; or AT&T x\n",
        "a:\n  b: &x [1]\n  c: *x\nd: {e: *x}\nf:\n  g: &x 2\n  h: *x\n",
        "a: &x\n  b: 1\nc:\n  *x : 2\nd: *y\n",
        "a: &x\n  b: *x\n",
        "a: &x 1\nb: [*x,2]\nc: {*x : 3}\nd: [{e: *x}]\nf: {?*x : 4}\ng: {'h':*x}\ni: &x 5\n",
        "a: {?&x y : 1}\nb: *x\n",
        "a: 1 &x\nb:\nc:\n  d:\n  e:\n\n  f: \n",
        "a\u00e4: \u00f6\nb:\n  'c\u00fc': 1\n",
        "a:   \n  b:  1 \nc: 1",
    ],
)
def test_what_is_cut_says_the_same(text: str) -> None:
    assert is_cut(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        # A line that is no key of the object that it seems to be in.
        "a:\n  b: 'one\n  c: two'\n",
        'a:\n  b: "one\n  c: 1\n  d: two"\n  e: 1\n',
        "a:\n  b: {c: 1,\n  d: 2}\n",
        "a: 'b\nc: d'\ne: 1\n",
        "a: [b,\nc: d,\ne]\n",
        # What is not cut at all.
        "",
        "just words",
        "- a: 1\n",
        "{a: 1}",
        " a: 1\n b: 2\n",
        "---\na: 1\n",
        "a: 1\n---\nb: 2\n",
        "a: 1\n...\nb: 2\n",
        "%TAG ! x\n---\na: 1\n",
        "\ufeffa: 1\n",
        "a : 1\n",
        '"a\\tb": 1\n',
        "? a\n: 1\nb: 2\n",
        "a: 1\n? [b]\n: 2\n",
        "&x a: 1\n",
        "\u00e4: 1\n",
        "a: 1\r\nb: 2\r\n",
        "a: 1\rb: 2\n",
        "a: b\u2028c: d\n",
        "a: b\u0085c: d\n",
        "a: 1\na: 2\n",
        "a:\n  b: 1\n  b: 2\n",
        "a:\n  b: 1\na:\n  c: 2\n",
        # What is wrong, each in another place.
        "a:\n  b: 1\n c: 2\n",
        "a:\n  b:\n    c: 1\n   d: 2\n",
        "a:\n  b:\n c: 2\n",
        "a:\n  - b\n  c: 1\n",
        "# \x01\na: 1\n",
        "a:\n  # \x01\n  b: 1\n",
        "a\x01:\n  b: 1\n",
        f"{'a' * 2000}:\n  b: 1\n",
        "a:\n  b: 1\n  c\n",
        "a: 1\n  b: 2\n",
        "a: 1\n- b\n",
        "a: b: c\n",
        "a:\n\tb: 1\n",
        "a:\n  b: 1\n\tc: 2\n",
        "a:\n  b: 'one\n",
        "a:\n  b: [\n  c: 1\n",
        "a: *\n",
        "a: &x &y 1\n",
        "a: !<\n",
        "a: \x00\n",
        "a:\n  b: |x\n",
        f"{'a' * 2000}: 1\n",
    ],
)
def test_what_is_not_cut_is_read_as_a_whole(text: str) -> None:
    assert not is_cut(text.encode())


@pytest.mark.parametrize(
    "text", [b"a: \xff\n", b"a\xff: 1\n", b"a\xff:\n  b: 1\n", "a: 1\n".encode("utf-16")]
)
def test_other_encodings(text: bytes) -> None:
    assert not is_cut(text)


@pytest.mark.parametrize("part", ["[" * 300, "- " * 300, "[" * 300 + "]" * 300])
def test_a_part_that_nests_too_deep_is_refused_although_nothing_asks_for_it(part: str) -> None:
    text = f"a: 1\nb:\n  c:\n    d: {part}\n".encode()
    assert not is_cut(text)
    assert "nested deeper than" in in_one_piece(text) or "not YAML" in in_one_piece(text)


@pytest.mark.parametrize("deep", range(195, 200))
def test_a_part_may_nest_as_deep_as_the_document(deep: int) -> None:
    text = f"a: 1\nb:\n  c:\n    d: {'[' * deep}1{']' * deep}\n".encode()
    assert is_cut(text) == ("nested deeper" not in str(in_one_piece(text)))


def test_parts_have_no_more_values_than_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a:\n  b: [1, 2, 3]\n  c: [4, 5, 6]\n"
    monkeypatch.setattr(values, "MAX_NODES", 10)
    assert not is_cut(text)
    assert "more than 10 values" in in_one_piece(text)


def test_a_document_with_too_many_parts_is_read_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts_of, "_MOST_LINES", 6)
    assert is_cut(b"a:\n  b:\n  c:\nd:\n- 1\n- 2\n")
    assert not is_cut(b"a:\n  b:\n  c:\nd:\n- 1\n- 2\ne:\n")
    assert not is_cut(b"a:\n  b:\n  c:\nd:\n  e: 1\n  f: 2\n  g: 3\n")


def test_lines_without_content_take_no_memory() -> None:
    text = b"a: 1\n" + b"# b\n" * 300_000 + b"c:\n" + b" \n" * 300_000 + b"  d: 2\n"
    tracemalloc.start()
    try:
        assert is_cut(text)
        assert tracemalloc.get_traced_memory()[1] < 8 * len(text)
    finally:
        tracemalloc.stop()


def test_aliases_multiply_over_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MAX_NODES", 10_000)
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for level in range(1, 12):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    text = "\n".join(lines).encode()
    assert not is_cut(text)
    assert "more than 10000 values" in in_one_piece(text)


def unread(parts: Parts) -> Iterator[str]:
    for key, value in dict.items(parts):
        if isinstance(value, Parts):
            yield from (f"{key}.{one}" for one in unread(value))
        elif isinstance(value, bytes):
            yield key


def test_only_what_is_asked_for_becomes_data() -> None:
    text = b"a:\n # h\n  b:\n    c: {d: 1}\n    e: 2\n  f: 3\ng: 4\n"
    with in_parts(HERE, text) as parts:
        assert list(unread(parts)) == ["a.b.c", "a.b.e", "a.f", "g"]
        assert "g" in parts
        assert "x" not in parts
        assert list(parts) == ["a", "g"]
        assert Document(parts).resolve({"$ref": "#/a/b/c"}) == {"d": 1}
        assert list(unread(parts)) == ["a.b.e", "a.f", "g"]
        assert parts.get("g") == parts["g"] == 4
        assert (parts.get("x"), parts.get("x", 5)) == (None, 5)
        assert {**parts["a"]}["f"] == 3
        assert list(parts["a"]["b"].values()) == [{"d": 1}, 2]
        assert list(unread(parts)) == []


def test_a_mistake_in_what_nobody_asks_for_is_a_mistake() -> None:
    text = b"a: 1\nb:\n  c: 2\n  d: [\n"
    with pytest.raises(DefinitionError, match=r"document\.yaml:5: not YAML"):
        made_of(HERE, text, lambda document: document.data["a"])


def test_without_libyaml_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_events, "LOADER", yaml.SafeLoader)
    assert is_cut(b"a:\n  b: 1\n  c: |\n    d: 2\n")
    assert not is_cut(b"a:\n  b: 1\n  c: [\n")


ODD = (*"'\"[]{}&*|>?-:#!%\t\r", "\n", "\n  ", "- ", ": ", "&a ", "*a", "'a: b'", "|\n", "\n\n")
"""What changes the meaning of lines that follow."""


@pytest.mark.parametrize("service", ["ships", "dues"])
def test_documents_with_random_mistakes(service: str) -> None:
    chance = random.Random(service)
    text = (SERVICES / f"{service}.yaml").read_text()
    assert is_cut(text.encode())
    lines = text.splitlines(keepends=True)
    outcomes = set()
    for _ in range(120):
        start = chance.randrange(len(lines))
        some = lines[start : start + 40]
        for _ in range(chance.randrange(3)):
            line = chance.randrange(len(some))
            place = chance.randrange(len(some[line]))
            some[line] = some[line][:place] + chance.choice(ODD) + some[line][place:]
        outcomes.add(is_cut("".join(("a:\n", *some)).encode()))
    assert outcomes == {True, False}
