"""Suggestions: what could be typed at a place, from known names alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billql.shell.known_names import KnownColumn, KnownNames
from billql.shell.suggest import Suggestion, suggest

INVOICES = "cloud.billing.invoices"
ITEMS = "cloud.billing.invoice_items"

KNOWN = KnownNames(
    providers={"cloud": "A cloud.", "cards": "Payments."},
    services={"cloud.billing": "Bills.", "cloud.account": "Who you are.", "cards.core": "Cards."},
    resources={
        INVOICES: "The invoices.",
        ITEMS: "What an invoice bills.",
        "cards.core.invoices": "Other invoices.",
    },
    columns={
        INVOICES: [
            KnownColumn("period", "month", "Which month."),
            KnownColumn("amount", "decimal"),
        ],
        ITEMS: [
            KnownColumn("product", "text", "What was used."),
            KnownColumn("amount", "decimal"),
            KnownColumn("invoice_id", "text", "The invoice.", required=True),
        ],
        "mine": [KnownColumn("id", "INTEGER"), KnownColumn("order by", "TEXT")],
        "other.theirs": [KnownColumn("x")],
    },
    methods={
        INVOICES: {"get": "Gives one.", "list": "Gives all."},
        ITEMS: {"list_of_invoice": ""},
    },
    tables={"mine": "table", "months": "view", "other.theirs": "table"},
    functions=["abs", "money_sum"],
    keywords=["AND", "FROM", "SELECT", "SHOW"],
    formats=["csv", "json", "jsonl"],
    commands={
        "examples": ("Show examples", ("resource",)),
        "explain": ("Show a plan", ("on|off",)),
        "help": ("Tell", ("command",)),
        "import": ("Read a CSV file", ("file", "table")),
        "mode": ("Set the format", ("format",)),
    },
    files=lambda typed: [name for name in ("a.csv", "b/") if name.startswith(typed)],
)


def at(text: str, known: KnownNames = KNOWN) -> list[Suggestion]:
    """Suggest at the bar in a text."""
    before, _, after = text.partition("|")
    found = suggest(before + after, len(before), known)
    assert all(0 <= one.start <= len(before) for one in found)
    return found


def texts(text: str, known: KnownNames = KNOWN) -> list[str]:
    return [one.text for one in at(text, known)]


# Tables.


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM |",
        "SELECT * FROM mine JOIN |",
        "SELECT * FROM mine, |",
        "SELECT * FROM (|",
        "SELECT 1; SELECT * FROM |",
        "SELECT * FROM | WHERE amount > 1",
        "DESCRIBE |",
        "DESC |",
        "DESCRIBE EXTENDED |",
        "INSERT INTO |",
        "DROP TABLE |",
    ],
)
def test_tables_follow_these_keywords(text: str) -> None:
    assert texts(text) == ["mine", "months", "cloud.", "cards."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM cl|", ["cloud."]),
        ("SELECT * FROM cloud.|", ["billing.", "account."]),
        ("SELECT * FROM CLOUD.b|", ["billing."]),
        ("SELECT * FROM cloud.billing.|", ["invoices", "invoice_items"]),
        ("SELECT * FROM cloud.billing.invoices|", ["invoices"]),
        ('SELECT * FROM "cloud".billing.|', ["invoices", "invoice_items"]),
        ("SELECT * FROM cloud.nothing.|", []),
        ("SELECT * FROM inv|", [INVOICES, ITEMS, "cards.core.invoices"]),
        ("SELECT * FROM other.|", ["theirs"]),
        ("SELECT * FROM m|", ["mine", "months"]),
        ("WITH sums AS (SELECT 1), maxima AS (SELECT 2) SELECT * FROM s|", ["sums"]),
    ],
)
def test_names_of_tables_part_by_part(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_a_suggestion_takes_the_place_of_the_last_part() -> None:
    assert at("SELECT * FROM cloud.bi|") == [Suggestion("billing.", 20, "Bills.")]
    assert at("SELECT 1;\nSELECT * FROM cloud.bi|") == [Suggestion("billing.", 30, "Bills.")]


def test_show_and_use() -> None:
    assert texts("SHOW R|") == ["RESOURCES"]
    assert texts("SHOW SERVICES IN |") == ["cloud", "cards"]
    assert texts("SHOW RESOURCES IN cloud.|") == ["billing", "account"]
    assert texts("SHOW METHODS IN cloud.billing.invoices|") == ["invoices"]
    assert texts("USE cloud.b|") == ["billing"]


def test_methods_are_described() -> None:
    assert at("DESCRIBE cloud.billing.invoices.|") == [
        Suggestion("get", 32, "Gives one."),
        Suggestion("list", 32, "Gives all."),
    ]
    assert texts("DESCRIBE EXTENDED Cloud.billing.INVOICES.L|") == ["list"]
    assert texts("DESC cloud.billing.invoice_items.|") == ["list_of_invoice"]
    assert texts("DESCRIBE cards.core.invoices.|") == []
    assert texts("SELECT * FROM cloud.billing.invoices.|") == []
    for namespace, typed in (("cloud", "billing.invoices."), ("cloud.billing", "invoices.")):
        used = replace(KNOWN, namespace=namespace)
        assert texts(f"DESCRIBE {typed}g|", used) == ["get"]


def test_short_names_after_use() -> None:
    used = KnownNames(**{**vars(KNOWN), "namespace": "cloud.billing"})
    assert texts("SELECT * FROM invoice_|", used) == ["invoice_items", ITEMS]
    assert texts("SELECT i.| FROM invoices i", used) == ["period", "amount"]
    provider = KnownNames(**{**vars(KNOWN), "namespace": "cloud"})
    assert texts("SELECT * FROM billing.invoices|", provider) == ["invoices"]


def test_views_of_several_providers_need_no_first_part() -> None:
    charges = "billql.focus.charges"
    known = replace(
        KNOWN,
        services={**KNOWN.services, "billql.focus": "Bills.", "billql.catalog": "Names."},
        resources={**KNOWN.resources, charges: "Charges.", "billql.catalog.columns": "Columns."},
        columns={**KNOWN.columns, charges: [KnownColumn("BilledCost", "decimal")]},
    )
    assert texts("SELECT * FROM foc|", known) == ["focus."]
    assert texts("SELECT * FROM focus.c|", known) == ["charges"]
    assert texts("SELECT f.b| FROM focus.charges f", known)[0] == "BilledCost"
    assert texts("SELECT * FROM catalog.c|", known) == []
    assert texts("SELECT * FROM billql.focus.|", known) == ["charges"]


# Columns.


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT i.| FROM {ITEMS} i",
        f"SELECT i.| FROM {ITEMS} AS i",
        f'SELECT i.| FROM {ITEMS} AS "i" WHERE i.product = 1',
        f"SELECT * FROM {INVOICES} JOIN {ITEMS} i ON i.|",
        f"SELECT invoice_items.| FROM {ITEMS}",
        f"SELECT * FROM {ITEMS} WHERE {ITEMS}.|",
        f"SELECT (SELECT i.| FROM {ITEMS} i) FROM mine",
        f"SELECT 1; SELECT I.| FROM {ITEMS} i; SELECT 2 FROM {INVOICES} i",
    ],
)
def test_columns_of_an_alias(text: str) -> None:
    assert texts(text) == ["invoice_id", "product", "amount"]


def test_required_columns_come_first_and_are_marked() -> None:
    found = at(f"SELECT * FROM {INVOICES} v JOIN {ITEMS} i ON |")
    assert [(one.text, one.meaning) for one in found] == [
        ("invoice_id", "required · text · The invoice."),
        ("period", "month · Which month."),
        ("amount", "decimal"),
        ("product", "text · What was used."),
        ("v.", INVOICES),
        ("i.", ITEMS),
    ]


def test_columns_go_before_functions_and_keywords() -> None:
    assert texts(f"SELECT A| FROM {INVOICES}") == ["amount", "abs(", "AND"]
    assert texts(f"SELECT MONEY| FROM {INVOICES}") == ["money_sum("]
    assert texts(f"SELECT * fr| {INVOICES}") == ["from"]
    assert texts("SEL|") == ["SELECT"]
    assert texts("SELECT * FROM mine ORDER BY id DESC m|") == ["mine.", "money_sum("]
    assert texts("s|") == ["select", "show"]


def test_local_columns_are_quoted_where_sql_wants_it() -> None:
    assert texts("SELECT m.| FROM mine m") == ["id", '"order by"']


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'FROM |",
        "SELECT 'text'|",
        'SELECT "am|',
        f"SELECT 1 -- FROM {INVOICES} WHERE |",
        "SELECT 1 /* FROM |",
        "SELECT 12|",
        "SELECT :a|",
        "SELECT nothing.| FROM mine",
    ],
)
def test_nothing_is_suggested_where_nothing_is_known(text: str) -> None:
    assert at(text) == []


@pytest.mark.parametrize(
    "text", ["|", " |", "SELECT 1; |", ")|", "((|", "FROM FROM|", ". |", "a..|"]
)
def test_any_text_will_do(text: str) -> None:
    at(text)


# Dot commands.


def test_commands() -> None:
    assert texts(".ex|") == [".examples", ".explain"]
    assert at(" .mo|") == [Suggestion(".mode", 1, "Set the format")]
    assert texts(".zzz|") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".mode |", ["csv", "json", "jsonl"]),
        (".mode js|", ["json", "jsonl"]),
        (".mo js|", ["json", "jsonl"]),
        (".help ex|", ["examples", "explain"]),
        (".explain o|", ["on", "off"]),
        (".examples inv|", [INVOICES, ITEMS, "cards.core.invoices"]),
        (".examples cloud.billing.invoices|", [INVOICES]),
        (".import |", ["a.csv", "b/"]),
        (".import a.csv m|", ["mine", "months"]),
        (".import a.csv cl|", [INVOICES, ITEMS]),
        (".zzz |", []),
    ],
)
def test_arguments_of_commands(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


# Connections.


CONNECTED = replace(
    KNOWN, connections=lambda: [("acme", "cloud"), ("beta", "cloud"), ("c", "cards")]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"SELECT * FROM {INVOICES} WHERE connection = |", ["'acme'", "'beta'"]),
        (f"SELECT * FROM {INVOICES} WHERE connection <> 'b|", ["'beta'"]),
        (f"SELECT * FROM {INVOICES} i WHERE i.connection='|", ["'acme'", "'beta'"]),
        (f"SELECT * FROM {INVOICES} WHERE connection IN (|", ["'acme'", "'beta'"]),
        (f"SELECT * FROM {INVOICES} WHERE connection NOT IN ('acme', 'b|)", ["'beta'"]),
        ("SELECT * FROM mine WHERE connection = |", ["'acme'", "'beta'", "'c'"]),
        (f"SELECT * FROM {INVOICES} WHERE connection = 'acme|'", []),
        (f"SELECT * FROM {INVOICES} WHERE period = '|", []),
        (f"SELECT * FROM {INVOICES} WHERE coalesce(connection, '|", []),
    ],
)
def test_connections(text: str, expected: list[str]) -> None:
    if text.endswith("'"):  # a text that is complete
        text = text.replace("|'", "'|")
    assert texts(text, CONNECTED) == expected


def test_a_connection_replaces_what_is_typed() -> None:
    text = f"SELECT * FROM {INVOICES} WHERE connection = 'b|"
    assert at(text, CONNECTED) == [Suggestion("'beta'", len(text) - 3, "cloud")]


# Habits.


def test_commands_of_psql_are_completed() -> None:
    assert texts(r"\d|") == [r"\d", r"\d+", r"\dn", r"\dt", r"\dv"]
    assert texts(r"\d mi|") == ["mine"]
    assert texts(r"\i |") == ["a.csv", "b/"]
    assert texts(r"\d mine |") == texts(r"\none |") == []
