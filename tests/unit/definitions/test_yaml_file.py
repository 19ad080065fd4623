"""Definition files: every mistake is named with its file, line and path, and none does harm."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billql.definitions import yaml_document, yaml_events, yaml_file
from billql.definitions.model import Provider, Service
from billql.definitions.pagination import NextUrl, PageNumber
from billql.definitions.yaml_document import MAX_DEPTH
from billql.definitions.yaml_file import MAX_BYTES, read_document, read_provider, read_service
from billql.errors import DefinitionError

PROVIDER = """\
billql: 1
title: Example
description: An API that bills.
version: 0.1.0
documentation: https://example.com/docs
url: https://api.example.com
auth:
  kind: bearer
  secret: EXAMPLE_TOKEN
  help: Ask for one.
limits:
  - {requests: 250, seconds: 60}
  - requests: 5000
    seconds: 3600
paging:
  pages: {kind: page_number, total: meta.total}
  links:
    kind: next_url
    path: links.pages.next
"""

SERVICE = """\
billql: 1
description: Bills of an account.
resources:
  bills:
    description: One row for each bill.
    columns:
      bill_id:
        type: text
        description: The name of the bill.
      day:
        type: date
        description: The day of the bill.
      amount:
        type: decimal
        description: What is owed.
        currency: currency
      currency:
        type: text
        description: The currency of the amount.
        value: USD
    unique: [bill_id]
    methods:
      list:
        request: GET /v2/bills
        description: Gives all bills.
        parameters:
          since: {column: day, operator: ">="}
        rows: bills[]
        paging: pages
        order: [-day, bill_id]
      get:
        request: GET /v2/bills/{bill_id}
        description: Gives one bill.
        parameters:
          bill_id: {in: path, required: true}
        rows:
          - at: bill
            values: {currency: EUR}
          - at: other.bills[]
            optional: true
        single: true
    examples:
      - question: What do I owe?
        sql: SELECT sum(amount) FROM example.billing.bills
"""

PAGING = (
    "page_number or page_count or next_url or link_header or link_array or cursor_token or "
    "after_id or single_page"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "example.yaml"


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    file = tmp_path / "provider.yaml"
    file.write_text(PROVIDER)
    return read_provider(file)


def complaint(path: Path, text: str | bytes, provider: Provider | None = None) -> str:
    """Read a definition with a mistake; gives what is said of it, without the file's name."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(DefinitionError) as caught:
        _ = read_provider(path) if provider is None else read_service(path, provider)
    message = str(caught.value)
    assert message.startswith(f"{path}:")
    return message.removeprefix(f"{path}:")


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


# What is right ---------------------------------------------------------------------------------


def test_a_provider_is_read(provider: Provider) -> None:
    assert provider.title == "Example"
    assert provider.version == "0.1.0"
    assert provider.auth.secret == "EXAMPLE_TOKEN"
    assert [(limit.requests, limit.seconds) for limit in provider.limits] == [
        (250, 60),
        (5000, 3600),
    ]
    assert provider.paging == {
        "pages": PageNumber(total="meta.total"),
        "links": NextUrl(path="links.pages.next"),
    }


def test_a_service_is_read(path: Path, provider: Provider) -> None:
    path.write_text(SERVICE)
    bills = read_service(path, provider).resources["bills"]
    assert list(bills.columns) == ["bill_id", "day", "amount", "currency"]
    assert bills.methods["get"].parameters["bill_id"].location == "path"
    assert [source.at for source in bills.methods["get"].sources()] == ["bill", "other.bills[]"]
    assert [source.at for source in bills.methods["list"].sources()] == ["bills[]"]
    assert (bills.methods["get"].verb, bills.methods["get"].path) == ("GET", "/v2/bills/{bill_id}")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("USD", "USD"),
        ("2025-01-31", "2025-01-31"),
        ("2025-01-31T00:00:00Z", "2025-01-31T00:00:00Z"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("True", "True"),
        ("=", "="),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("017", "017"),
        ("1:30", "1:30"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e3", "1e3"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("99999999999999999999", "99999999999999999999"),
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("1.50", 1.5),
        ("true", True),
        ("false", False),
        ("~", None),
        ("null", None),
        ("", None),
    ],
)
def test_a_value_is_what_was_written(
    path: Path, provider: Provider, written: str, expected: object
) -> None:
    path.write_text(changed(SERVICE, "value: USD", f"value: {written}"))
    found = read_service(path, provider).resources["bills"].columns["currency"].value
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_text_beyond_ascii_is_read(path: Path, encoding: str) -> None:
    path.write_text(changed(PROVIDER, "title: Example", "title: Éxámple 中"), encoding=encoding)
    assert read_provider(path).title == "Éxámple 中"


def test_yaml_without_its_c_library_reads_the_same(
    path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(SERVICE)
    service = read_service(path, provider)
    monkeypatch.setattr(yaml_events, "LOADER", yaml.SafeLoader)
    assert read_service(path, provider) == service
    assert complaint(path, "a: &x 1") == "1: anchors and aliases are not used here"
    assert "nested deeper" in complaint(path, "[" * 10_000)
    assert complaint(path, b"a: 1\nb: \xff").startswith("2: not YAML: ")


# Mistakes in YAML ------------------------------------------------------------------------------

LAUGHS = "a0: &a0 [lol, lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "1: empty", id="empty"),
        pytest.param("\n\n# nothing\n", "1: empty", id="comment"),
        pytest.param(LAUGHS, "1: anchors and aliases are not used here", id="laughs"),
        pytest.param(
            "a: 1\nb: &x\n  c: 2", "2: anchors and aliases are not used here", id="anchor"
        ),
        pytest.param("a: 1\n\nb: *x", "3: anchors and aliases are not used here", id="alias"),
        pytest.param("&x a: 1", "1: anchors and aliases are not used here", id="anchored key"),
        pytest.param("a: 1\n---\nb: 2", "2: a second document; one file holds one definition"),
        pytest.param("a: 1\nb: 2\na: 3", "3: a: this key stands here twice", id="twice"),
        pytest.param("a:\n  b: 1\n  b: 2", "3: a.b: this key stands here twice", id="twice below"),
        pytest.param("a: 1\n'a': 2", "2: a: this key stands here twice", id="twice in quotes"),
        pytest.param("a: {b: {[c]: 1}}", "1: a.b: a key must be a plain text", id="list as key"),
        pytest.param("? {a: 1}\n: 2", "1: a key must be a plain text", id="map as key"),
        pytest.param("a: 1\n\tb: 2", "2: not YAML: ", id="tab"),
        pytest.param("a: [1, 2", "2: not YAML: ", id="open list"),
        pytest.param("a: 1\nb: 'x", "2: not YAML: ", id="open quote"),
        pytest.param("a: 1\n b: 2", "2: not YAML: ", id="indentation"),
        pytest.param("a: 1\nb: @x", "2: not YAML: ", id="reserved"),
        pytest.param("%YAML 9.9.9\n---\na", "1: not YAML: ", id="directive"),
        pytest.param(b"a: 1\nb: \xff\n", "2: not YAML: ", id="not UTF-8"),
        pytest.param(b"a: 1\nb: \xed\xa0\x80\n", "2: not YAML: ", id="surrogate"),
        pytest.param("a: 1\nb: c\x07\n", "2: not YAML: ", id="control"),
        pytest.param("a: 1\nb: \0\n", "2: not YAML: ", id="NUL"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "1: not YAML: ", id="image"),
        pytest.param("- 1\n- 2", "1: Expected `object`, got `array`", id="list"),
        pytest.param("text", "1: Expected `object`, got `str`", id="text"),
        pytest.param("~", "1: Expected `object`, got `null`", id="null"),
    ],
)
def test_what_is_not_a_document(path: Path, text: str | bytes, expected: str) -> None:
    assert complaint(path, text).startswith(expected)


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object:os.system",
        "!!python/object/apply:os.system",
        "!!python/name:os.system",
        "!!binary",
        "!!str",
        "!!int",
        "!!map",
        "!local",
        "!",
    ],
)
@pytest.mark.parametrize("value", ["x", "[x]", "{x: y}"])
def test_tags_are_refused(path: Path, tag: str, value: str) -> None:
    shown = tag.replace("!!", "tag:yaml.org,2002:")
    expected = f"2: the tag {shown} is not used here"
    assert complaint(path, f"a: 1\nb: {tag} {value}") == expected
    assert complaint(path, f"a: 1\n{tag} b: c") == expected


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{a: ", "- - ", "{[", "? - "])
@pytest.mark.parametrize("count", [MAX_DEPTH + 1, 999, 1_001, 5_000, 100_000])
def test_nesting_is_bounded(path: Path, opening: str, count: int) -> None:
    assert complaint(path, opening * count) == f"1: nested deeper than {MAX_DEPTH} levels"


def test_nesting_over_lines_is_bounded(path: Path) -> None:
    text = "".join(f"{' ' * depth}a:\n" for depth in range(1000))
    assert complaint(path, text) == f"{MAX_DEPTH + 1}: nested deeper than {MAX_DEPTH} levels"


def test_a_huge_file_is_refused_and_not_read_to_its_end(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**36)
    with pytest.raises(DefinitionError, match=f":1: larger than {MAX_BYTES} bytes"):
        read_provider(path)


def test_the_largest_file_is_read(path: Path) -> None:
    path.write_text(f"{PROVIDER}# {'x' * (MAX_BYTES - len(PROVIDER) - 2)}")
    assert read_provider(path).title == "Example"


def test_laughs_without_end_are_refused(path: Path) -> None:
    complaint(path, LAUGHS * 1000)


@pytest.mark.parametrize("make", ["nothing", "folder"])
def test_what_cannot_be_read(path: Path, make: str) -> None:
    if make == "folder":
        path.mkdir()
    with pytest.raises(DefinitionError, match="cannot be read: ") as caught:
        read_provider(path)
    assert str(path) in str(caught.value)


@settings(max_examples=300)
@given(text=st.one_of(st.text(), st.binary(), st.text(alphabet="a1-:?[]{},&*!|>'\"#%@ \n\t")))
@example("? ? : ")
@example("a: |2\n x")
@example("<<: {a: 1}")
@example("{a, b: }")
@example("!!!!")
def test_garbage_is_a_definition_error(
    tmp_path_factory: pytest.TempPathFactory, text: str | bytes
) -> None:
    complaint(tmp_path_factory.getbasetemp() / "garbage.yaml", text)


# Mistakes in a provider ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("title: Example", "titel: Example", "2: titel: unknown key; did you mean title?"),
        (
            "    seconds: 3600",
            "    sceonds: 3600",
            "14: limits.1.sceonds: unknown key; did you mean seconds?",
        ),
        (
            "    seconds: 3600",
            "    zzz: 3600",
            "14: limits.1.zzz: unknown key; expected requests, seconds, path_ends",
        ),
        (
            "title: Example\n",
            "title: Example\nerrors: {unknown_value: {code: missing}}\n",
            "3: errors.unknown_value: Object missing required field `parameter`",
        ),
        ("title: Example\n", "", "1: Object missing required field `title`"),
        (
            "    seconds: 3600\n",
            "",
            "13: limits.1: Object missing required field `seconds`",
        ),
        ("title: Example", "title: 5", "2: title: Expected `str`, got `int`"),
        ("title: Example", "title:", "2: title: Expected `str`, got `null`"),
        ("title: Example", "title: [a]", "2: title: Expected `str`, got `array`"),
        ("billql: 1", "billql: 2", "1: billql: expected 1"),
        ("billql: 1", "billql: '1'", "1: billql: expected 1"),
        (
            "description: An API that bills.",
            "description: An API that bills",
            "3: description: expected: A full sentence that describes the thing.",
        ),
        (
            "description: An API that bills.",
            "description: 5",
            "3: description: expected: A full sentence that describes the thing.",
        ),
        ("version: 0.1.0", "version: 0.1", "4: version: expected: A version like 1.2.3."),
        ("version: 0.1.0", 'version: "0.1.0\\n"', "4: version: expected: A version like 1.2.3."),
        *(
            (
                "url: https://api.example.com",
                f"url: {url}",
                "6: url: expected: An origin like https://api.example.com.",
            )
            for url in (
                "http://api.example.com",
                "https://api.example.com/",
                "https://api.example.com/v2",
                "https://user@api.example.com",
                "https://api.example.com?x",
                '"https://api.example.com\\n"',
                '"https://api.exam ple.com"',
                "https://api.example.com\\x",
                "ftp://api.example.com",
                "https://",
            )
        ),
        ("kind: bearer", "kind: baerer", "8: auth.kind: expected bearer"),
        ("  kind: bearer\n", "  kidn: bearer\n", "7: auth.kind: expected bearer"),
        (
            "  secret: EXAMPLE_TOKEN",
            "  secert: EXAMPLE_TOKEN",
            "9: auth.secert: unknown key; did you mean secret?",
        ),
        (
            "- {requests: 250, seconds: 60}",
            "- {requests: many, seconds: 60}",
            "12: limits.0.requests: Expected `int`, got `str`",
        ),
        (
            "- {requests: 250, seconds: 60}",
            "- {requests: 0, seconds: 60}",
            "12: limits.0.requests: Expected `int` >= 1",
        ),
        ("- {requests: 250, seconds: 60}", "- 250", "12: limits.0: Expected `object`, got `int`"),
        (
            "pages: {kind: page_number, total: meta.total}",
            "pages: {kind: pgae, total: meta.total}",
            f"16: paging.pages.kind: expected {PAGING}",
        ),
        (
            "pages: {kind: page_number, total: meta.total}",
            "pages: {total: meta.total}",
            f"16: paging.pages.kind: expected {PAGING}",
        ),
        (
            "pages: {kind: page_number, total: meta.total}",
            "pages: page",
            "16: paging.pages: Expected `object`, got `str`",
        ),
        (
            "pages: {kind: page_number, total: meta.total}",
            "pages: {kind: page_number}",
            "16: paging.pages: Object missing required field `total`",
        ),
        (
            "pages: {kind: page_number, total: meta.total}",
            "pages: {kind: page_number, total: meta.total, szie: 3}",
            "16: paging.pages.szie: unknown key; did you mean size?",
        ),
        (
            "pages: {kind: page_number, total: meta.total}",
            "pages: {kind: page_number, total: meta.total, size: 0}",
            "16: paging.pages.size: Expected `int` >= 1",
        ),
        (
            "    path: links.pages.next",
            "    path: 5",
            "19: paging.links.path: Expected `str`, got `int`",
        ),
        *(
            (
                "  links:\n",
                f"  {name}:\n",
                f"17: paging.{shown}: expected: "
                "A name of lower-case letters, digits and underscores.",
            )
            for name, shown in (
                ("Links", "Links"),
                ("my-links", "my-links"),
                ("1st", "1st"),
                ("''", ""),
                ("_x", "_x"),
                ("é", "é"),
                ('"links\\n"', "links\n"),
            )
        ),
    ],
)
def test_mistakes_in_a_provider(path: Path, old: str, new: str, expected: str) -> None:
    assert complaint(path, changed(PROVIDER, old, new)).startswith(expected)


def test_a_mistake_comes_with_advice(path: Path) -> None:
    path.write_text("a: 1")
    with pytest.raises(DefinitionError) as caught:
        read_provider(path)
    assert caught.value.hint is not None
    assert "docs/definitions.md" in caught.value.hint


# Mistakes in a service -------------------------------------------------------------------------

LIST = "resources.bills.methods.list"
GET = "resources.bills.methods.get"
COLUMNS = "resources.bills.columns"
NAME = "expected: A name of lower-case letters, digits and underscores."
SENTENCE = "expected: A full sentence that describes the thing."


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  bills:\n", "  Bills:\n", f"4: resources.Bills: {NAME}"),
        ("      day:\n", "      Day:\n", f"10: {COLUMNS}.Day: {NAME}"),
        (
            "        type: date",
            "        type: dat",
            f"11: {COLUMNS}.day.type: expected text or integer or real or decimal or boolean "
            "or date or month or timestamp or json or blob",
        ),
        (
            "        description: The day of the bill.",
            "        description: The day of the bill",
            f"12: {COLUMNS}.day.description: {SENTENCE}",
        ),
        (
            "        description: The day of the bill.\n",
            "",
            f"10: {COLUMNS}.day: Object missing required field `description`",
        ),
        (
            "        description: The day of the bill.",
            "        descripton: The day of the bill.",
            f"12: {COLUMNS}.day.descripton: unknown key; did you mean description?",
        ),
        (
            "        type: date",
            "        type: date\n        format: eopch",
            f"12: {COLUMNS}.day.format: "
            "expected epoch or epoch_ms or instant or day or no_zone or rfc2822 or dollars",
        ),
        (
            "        type: date",
            "        type: date\n        aggregate: least",
            f"12: {COLUMNS}.day.aggregate: expected min or max",
        ),
        (
            "        currency: currency",
            "        currency: My Currency",
            f"16: {COLUMNS}.amount.currency: {NAME}",
        ),
        (
            "        value: USD",
            "        value: [USD]",
            f"20: {COLUMNS}.currency.value: Expected `bool | int | float | str | null`, got ",
        ),
        *(
            (
                "        value: USD",
                f"        path: {path}",
                f"20: {COLUMNS}.currency.path: expected: A path like a.b, or $parent.a, $root.a, "
                "$header.name, $key, $value, $parameter or $body.",
            )
            for path in ("$perent.a", "$parent", "$parameters", "$header", "$key.a", "$")
        ),
        (
            "        request: GET /v2/bills\n",
            "        request: PUT /v2/bills\n",
            f"24: {LIST}.request: expected: A verb and a path, like `GET /v2/invoices`.",
        ),
        (
            "        request: GET /v2/bills\n",
            "        request: GET v2/bills\n",
            f"24: {LIST}.request: expected: A verb and a path, like `GET /v2/invoices`.",
        ),
        (
            "        request: GET /v2/bills\n",
            '        request: "GET /v2/bills\\n"\n',
            f"24: {LIST}.request: expected: A verb and a path, like `GET /v2/invoices`.",
        ),
        (
            'since: {column: day, operator: ">="}',
            'since: {column: day, operator: "=>"}',
            f"27: {LIST}.parameters.since.operator: expected = or < or <= or > or >=",
        ),
        (
            'since: {column: day, operator: ">="}',
            "since: {column: day, in: qurey}",
            f"27: {LIST}.parameters.since.in: expected path or query or body or header",
        ),
        (
            'since: {column: day, operator: ">="}',
            "since: {column: day, location: query}",
            f"27: {LIST}.parameters.since.location: unknown key; expected name, in, column, "
            "operator, match, required, by, lists, format, values, pattern, ignores_case, "
            "null, value, default, when_read",
        ),
        (
            'since: {column: day, operator: ">="}',
            "since: {column: day, required: yes}",
            f"27: {LIST}.parameters.since.required: Expected `bool`, got `str`",
        ),
        (
            'since: {column: day, operator: ">="}',
            "since: {column: day, lists: commas}",
            f"27: {LIST}.parameters.since.lists: expected comma or repeat or brackets",
        ),
        (
            'since: {column: day, operator: ">="}',
            "since: {column: day, default: {a: b}}",
            f"27: {LIST}.parameters.since.default: Expected `",
        ),
        (
            "        paging: pages",
            "        paging: {kind: pages, total: total}",
            f"29: {LIST}.paging.kind: expected {PAGING}",
        ),
        (
            "        paging: pages",
            "        paging: {kind: page_number, total: total, extra: 1}",
            f"29: {LIST}.paging.extra: unknown key; expected size, size_parameter, least, "
            "size_by, ignore, ",
        ),
        (
            "        paging: pages",
            "        paging: 5",
            f"29: {LIST}.paging: Expected `str | object | null`, got `int`",
        ),
        (
            "        paging: pages",
            "        freshness: {seconds: -1}",
            f"29: {LIST}.freshness.seconds: Expected `float` >= 0.0",
        ),
        (
            "        paging: pages",
            "        window_limit: {column: day, days: 0}",
            f"29: {LIST}.window_limit.days: Expected `int` >= 1",
        ),
        (
            "        paging: pages",
            "        window_limit: {days: 31}",
            f"29: {LIST}.window_limit: Object missing required field `column`",
        ),
        (
            "            values: {currency: EUR}",
            "            values: {currency: [EUR]}",
            f"38: {GET}.rows.0.values.currency: Expected `bool | int | float | str`, got `array`",
        ),
        (
            "            optional: true",
            "            optinal: true",
            f"40: {GET}.rows.1.optinal: unknown key; did you mean optional?",
        ),
        (
            "          - at: bill\n",
            "          - at: [bill]\n",
            f"37: {GET}.rows.0.at: Expected `str`, got `array`",
        ),
        (
            "      - question: What do I owe?",
            "      - question: What do I owe",
            f"43: resources.bills.examples.0.question: {SENTENCE}",
        ),
        (
            "    unique: [bill_id]",
            "    unique: bill_id",
            "21: resources.bills.unique: Expected `array`, got `str`",
        ),
        (
            "    unique: [bill_id]",
            "    unique: [Bill]",
            f"21: resources.bills.unique.0: {NAME}",
        ),
    ],
)
def test_mistakes_in_a_service(
    path: Path, provider: Provider, old: str, new: str, expected: str
) -> None:
    assert complaint(path, changed(SERVICE, old, new), provider).startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            SERVICE[: SERVICE.index("resources")] + "resources: {}",
            "3: resources: Expected `object` ",
        ),
        (
            SERVICE[: SERVICE.index("    examples")] + "    examples: []",
            "42: resources.bills.examples: Expected `array` of length >= 1",
        ),
        (
            SERVICE[: SERVICE.index("    examples")],
            "4: resources.bills: Object missing required field",
        ),
        (PROVIDER, "2: title: unknown key; expected billql, description, resources"),
    ],
)
def test_a_service_without_its_parts(
    path: Path, provider: Provider, text: str, expected: str
) -> None:
    assert complaint(path, text, provider).startswith(expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "unique: [bill_id]",
            "unique: [bill]",
            "21: resources.bills.unique: there is no column bill",
        ),
        (
            "        currency: currency",
            "        currency: curency",
            f"16: {COLUMNS}.amount.currency: there is no column curency",
        ),
        (
            "        currency: currency",
            "        format: epoch",
            f"16: {COLUMNS}.amount.format: epoch needs a column of type date or month or timestamp",
        ),
        (
            "        value: USD",
            "        format: dollars",
            f"20: {COLUMNS}.currency.format: dollars needs a column of type decimal or real",
        ),
        *(
            (
                "        value: USD",
                f"        {words}",
                f"{line}: {COLUMNS}.currency.aggregate: "
                "`aggregate` and one [] in the path, like items[].price, need each other",
            )
            for words, line in (
                ("aggregate: min", 20),
                ('path: "a[].b"', 17),
                ('path: "a[].b[]"\n        aggregate: max', 21),
                ("path: a.b\n        aggregate: max", 21),
                ('path: "$parent.a[]"\n        aggregate: max', 21),
            )
        ),
        (
            "        type: decimal\n",
            "        type: decimal\n        format: reference\n",
            f"15: {COLUMNS}.amount.format: reference needs a column of type json or text",
        ),
        (
            "paging: pages",
            "paging: page",
            f"29: {LIST}.paging: the provider defines no paging called page",
        ),
        (
            "request: GET /v2/bills/{bill_id}",
            "request: GET /v2/{account}/{bill_id}",
            f"32: {GET}.request: {{account}} has no parameter with `in: path`",
        ),
        (
            "request: GET /v2/bills/{bill_id}",
            "request: GET /v2/bills",
            f"35: {GET}.parameters.bill_id: the request has no {{bill_id}}",
        ),
        (
            "bill_id: {in: path, required: true}",
            "bill_id: {in: path, column: bill, required: true}",
            f"35: {GET}.parameters.bill_id: there is no column bill",
        ),
        (
            "since: {column: day,",
            "since: {column: amount,",
            f"27: {LIST}.parameters.since.operator: "
            "ranges need a column of type date, integer, month, timestamp",
        ),
        (
            "since: {column: day,",
            "since: {column: day, format: filename,",
            f"27: {LIST}.parameters.since.format: filename needs a column of type text",
        ),
        (
            "since: {column: day,",
            "since: {",
            f"27: {LIST}.parameters.since: there is no column since",
        ),
        (
            'since: {column: day, operator: ">="}',
            "since: {value: x, when_read: [days]}",
            f"27: {LIST}.parameters.since.when_read: there is no column days",
        ),
        (
            "values: {currency: EUR}",
            "values: {curr: EUR}",
            f"36: {GET}.rows: there is no column curr",
        ),
        ("order: [-day,", "order: [-days,", f"30: {LIST}.order: there is no column days"),
        (
            "order: [-day, bill_id]",
            "window_limit: {column: week, days: 7}",
            f"30: {LIST}.window_limit.column: there is no column week",
        ),
        (
            "order: [-day, bill_id]",
            "split_by: day",
            f"30: {LIST}.split_by: needs `order: [-day]` and parameters for both bounds",
        ),
    ],
)
def test_names_that_refer_to_nothing(
    path: Path, provider: Provider, old: str, new: str, expected: str
) -> None:
    assert complaint(path, changed(SERVICE, old, new), provider) == expected


def test_a_parameter_that_is_always_sent_needs_no_column(path: Path, provider: Provider) -> None:
    text = changed(SERVICE, 'since: {column: day, operator: ">="}', "all: {value: true}")
    path.write_text(text)
    parameter = read_service(path, provider).resources["bills"].methods["list"].parameters["all"]
    assert parameter.filters("all") is None


@settings(max_examples=150)
@given(data=st.data())
def test_a_changed_definition_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever part is replaced by whatever, nothing but a DefinitionError comes of it."""
    path = tmp_path_factory.getbasetemp() / "changed.yaml"
    provider = msgspec.convert(yaml.safe_load(PROVIDER), Provider)
    lines = SERVICE.splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    key, colon, _ = lines[number].partition(": ")
    words = ["", "~", "5", "1.5", "true", "[]", "[5]", "{}", "{a: b}", "text", "A sentence.", "$x"]
    lines[number] = key + (colon or " ") + data.draw(st.sampled_from(words))
    path.write_text("\n".join(lines))
    with contextlib.suppress(DefinitionError):
        assert isinstance(read_service(path, provider), Service)


# The cache -------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "cache"


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note each time that a file is parsed, and not taken from the cache."""
    noted: list[Path] = []

    class Noting(yaml_document.YamlDocument):
        def __init__(self, path: Path, text: bytes, most: int) -> None:
            noted.append(path)
            super().__init__(path, text, most)

    monkeypatch.setattr(yaml_document, "YamlDocument", Noting)
    return noted


def test_a_kept_definition_is_equal_and_not_parsed_again(
    path: Path, provider: Provider, cache: Path, parses: list[Path]
) -> None:
    path.write_text(SERVICE)
    parsed = read_service(path, provider, cache)
    kept = read_service(path, provider, cache)
    assert kept == parsed
    assert repr(kept) == repr(parsed)
    assert parses == [path]


def test_without_a_folder_memory_is_the_cache(
    path: Path, provider: Provider, parses: list[Path]
) -> None:
    path.write_text(SERVICE)
    read = read_service(path, provider)
    assert read_service(path, provider) is read
    assert parses == [path]
    path.write_text(changed(SERVICE, "description: Bills", "description: More bills"))
    assert read_service(path, provider).description != read.description
    with pytest.raises(DefinitionError, match="no paging called pages"):
        read_service(path, msgspec.structs.replace(provider, paging={}))
    with pytest.raises(DefinitionError, match="unknown key"):
        read_provider(path)
    (other := path.with_name("other.yaml")).write_text("a: 1")
    for _ in range(2):
        with pytest.raises(DefinitionError, match=r"other\.yaml:1"):
            read_provider(other)
    assert parses == [path] * 4 + [other] * 2


def test_a_long_definition_is_not_held_in_memory(path: Path, parses: list[Path]) -> None:
    path.write_text(PROVIDER + "#" * 128 * 1024)
    assert read_provider(path) is not read_provider(path)
    assert len(parses) == 2


def test_another_document_is_checked_each_time(path: Path, parses: list[Path]) -> None:
    """What it is checked against is not in its text."""
    path.write_text(PROVIDER)
    assert read_document(path, Provider, lambda value: ()).title == "Example"
    with pytest.raises(DefinitionError, match="title: no good"):
        read_document(path, Provider, lambda value: [(("title",), "no good")])
    assert len(parses) == 2


def test_only_their_owner_can_read_kept_definitions(path: Path, cache: Path) -> None:
    path.write_text(PROVIDER)
    read_provider(path, cache)
    (file,) = cache.iterdir()
    assert (cache.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_changed_text_is_parsed_again(path: Path, cache: Path, parses: list[Path]) -> None:
    path.write_text(PROVIDER)
    assert read_provider(path, cache).title == "Example"
    path.write_text(changed(PROVIDER, "title: Example", "title: Elpmaxe"))
    assert read_provider(path, cache).title == "Elpmaxe"
    assert len(parses) == 2


def test_a_service_is_checked_again_when_its_provider_changes(
    path: Path, provider: Provider, cache: Path
) -> None:
    path.write_text(SERVICE)
    read_service(path, provider, cache)
    poorer = msgspec.structs.replace(provider, paging={})
    for _ in range(2):
        with pytest.raises(DefinitionError, match="no paging called pages"):
            read_service(path, poorer, cache)
    assert read_service(path, provider, cache) == read_service(path, provider)


def test_a_provider_and_a_service_of_one_text_are_kept_apart(
    path: Path, provider: Provider, cache: Path
) -> None:
    path.write_text(PROVIDER)
    read_provider(path, cache)
    with pytest.raises(DefinitionError, match="unknown key"):
        read_service(path, provider, cache)


def test_a_mistake_is_not_kept(path: Path, cache: Path) -> None:
    for _ in range(2):
        path.write_text("a: 1")
        with pytest.raises(DefinitionError):
            read_provider(path, cache)
    assert not cache.exists()


def test_a_corrupt_cache_is_ignored_and_mended(path: Path, cache: Path, parses: list[Path]) -> None:
    path.write_text(PROVIDER)
    provider = read_provider(path, cache)
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    broken: list[Any] = [
        b"",
        b"\0",
        b"\0" * len(whole),
        b"\xff" * len(whole),
        whole[:-1],
        whole[: len(whole) // 2],
        whole + b"\0",
        b"{}",
        b"\x80",
        b"\x91" * 100_000,
        whole.replace(b"Example", b"\xff\xfe\xfd\xfc\xfb\xfa\xf9"),
        whole.replace(b"title", b"titel"),
        whole.replace(b"0.1.0", b"0.1.x"),
    ]
    for number, text in enumerate(broken):
        assert text != whole
        file.write_bytes(text)
        assert read_provider(path, cache) == provider
        assert file.read_bytes() == whole
        assert len(parses) == number + 2
    assert list(cache.iterdir()) == [file]


def test_a_cache_that_cannot_be_written_is_fine(path: Path, tmp_path: Path) -> None:
    path.write_text(PROVIDER)
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    for cache in (in_the_way, in_the_way / "below", Path("/proc/billql")):
        assert read_provider(path, cache) == read_provider(path)


def test_a_full_disk_leaves_nothing_behind(
    path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    path.write_text(PROVIDER)
    assert read_provider(path, cache).title == "Example"
    assert list(cache.iterdir()) == []


def test_the_cache_belongs_to_one_version(
    path: Path, cache: Path, parses: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(PROVIDER)
    read_provider(path, cache)
    monkeypatch.setattr(yaml_file, "__version__", "999")
    read_provider(path, cache)
    assert len(parses) == 2
    assert len(list(cache.iterdir())) == 1, "what another version has made is replaced"
