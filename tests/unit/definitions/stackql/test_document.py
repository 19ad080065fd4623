"""Documents are read within bounds, whatever is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from billql.definitions.stackql import document, values
from billql.definitions.stackql.document import Document, Unsupported, load, pointer
from billql.errors import DefinitionError


def parsed(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "document.yaml"
    path.write_text(text)
    return load(path, None).data


def test_scalars_are_what_json_knows_and_else_text(tmp_path: Path) -> None:
    text = (
        "{a: 1, b: -2.5, c: true, d: null, e: ~, f: '1', g: no, h: 2026-01-01, i: 010, j: 1e5,\n"
        "k: 0x10, l: \"true\", m: , 200: ok, n: !!js/undefined '', o: 123456789012345678901234}"
    )
    assert parsed(tmp_path, text) == {
        "a": 1,
        "b": -2.5,
        "c": True,
        "d": None,
        "e": None,
        "f": "1",
        "g": "no",
        "h": "2026-01-01",
        "i": "010",
        "j": "1e5",
        "k": "0x10",
        "l": "true",
        "m": None,
        "200": "ok",
        "n": "",
        "o": "123456789012345678901234",
    }


def test_nested_lists_and_objects(tmp_path: Path) -> None:
    text = "a:\n- b: [1, [2, {c: 3}]]\n  d: {}\n- []\ne: |\n  long\n  text\n"
    assert parsed(tmp_path, text) == {
        "a": [{"b": [1, [2, {"c": 3}]], "d": {}}, []],
        "e": "long\ntext\n",
    }


def test_the_first_of_two_equal_keys_holds(tmp_path: Path) -> None:
    assert parsed(tmp_path, "{a: 1, a: 2, [b]: 3}") == {"a": 1, "": 3}


def test_an_alias_is_a_copy(tmp_path: Path) -> None:
    data = parsed(tmp_path, "a: &x {b: [1]}\nc: *x\nd: &y 5\ne: *y\n")
    assert data == {"a": {"b": [1]}, "c": {"b": [1]}, "d": 5, "e": 5}
    assert data["a"] is not data["c"]


def test_aliases_that_multiply_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MAX_NODES", 10_000)
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for level in range(1, 12):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    with pytest.raises(DefinitionError, match="more than 10000 values"):
        parsed(tmp_path, "\n".join(lines))


def test_an_alias_of_what_holds_it_ends(tmp_path: Path) -> None:
    assert parsed(tmp_path, "a: &a {b: *a}") == {"a": {"b": {}}}


@pytest.mark.parametrize("text", ["[" * 999, "[" * 5000, "{a: " * 5000, "- " * 5000, "{[" * 5000])
def test_what_nests_too_deep_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DefinitionError, match="nested deeper than 200 levels"):
        parsed(tmp_path, text)


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\x00", "%YAML 9.9\n---\na"])
def test_what_is_no_yaml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DefinitionError, match="not YAML"):
        parsed(tmp_path, text)


def test_what_is_empty_says_nothing(tmp_path: Path) -> None:
    assert parsed(tmp_path, "") == parsed(tmp_path, "just words") == {}


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 100)
    with pytest.raises(DefinitionError, match="larger than 100 bytes"):
        parsed(tmp_path, "a: " + "b" * 100)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"nowhere\.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml", None)


def test_what_was_parsed_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, cache = tmp_path / "a.yaml", tmp_path / "cache"
    path.write_text("a: 1")
    assert load(path, cache).data == {"a": 1}
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    with monkeypatch.context() as patch:
        patch.delattr(document, "parse")
        assert load(path, cache).data == {"a": 1}, "the kept one is read"
    kept.write_bytes(whole[:-1] + b"\x02")
    assert load(path, cache).data == {"a": 1}, "a damaged one is made again"
    assert kept.read_bytes() == whole
    path.write_text("a: 3")
    assert load(path, cache).data == {"a": 3}
    assert list(cache.iterdir()) == [kept], "the new one takes the place of the old one"


def test_a_cache_that_cannot_be_written_is_only_slower(tmp_path: Path) -> None:
    path, cache = tmp_path / "a.yaml", tmp_path / "cache"
    path.write_text("a: 1")
    cache.write_text("a file is in the way")
    assert load(path, cache).data == {"a": 1}


def test_references_are_followed() -> None:
    found = Document({"a/b": [{"~": {"c": 1}}], "x": {"$ref": "#/a~1b/0/~0"}})
    assert found.resolve({"$ref": "#/x"}) == {"c": 1}
    assert found.resolve("no object") == {}
    assert pointer("#/paths/~1a~1{b}/get") == ["paths", "/a/{b}", "get"]


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("#/a", "leads to itself"),
        ("#/nowhere", "what is not there"),
        ("#/list/7", "what is not there"),
        ("other.yaml#/a", "another document"),
        ("https://example.com/", "another document"),
    ],
)
def test_references_that_lead_nowhere(reference: str, why: str) -> None:
    found = Document({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}, "list": []})
    with pytest.raises(Unsupported, match=why):
        found.resolve({"$ref": reference})
