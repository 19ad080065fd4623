"""Checking definitions: every rule finds what it is for, and says where it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from billql.authoring import scaffold
from billql.authoring.check import check
from billql.authoring.finding import Finding
from billql.definitions.shared import built_in_root
from billql.errors import InterfaceError

BUILT_IN = sorted(path.parent for path in built_in_root().glob("*/provider.yaml"))

Edit = Callable[..., list[Finding]]


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Write a first provider, in which nothing is to be found."""
    folder = tmp_path / "acme"
    scaffold.write(folder, scaffold.files("acme"))
    assert list(check(folder)) == []
    return folder


@pytest.fixture
def edited(acme: Path) -> Edit:
    """Change a text of a file, and check the provider."""

    def edit(old: str, new: str, file: str = "billing.yaml") -> list[Finding]:
        path = acme / file
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
        return list(check(acme))

    return edit


def line_of(path: Path | None, text: str) -> int:
    assert path is not None
    lines = path.read_text().splitlines()
    if text in lines:
        return lines.index(text) + 1
    (found,) = (number for number, line in enumerate(lines, start=1) if text in line)
    return found


def only(findings: list[Finding]) -> Finding:
    (found,) = findings
    return found


@pytest.mark.parametrize("folder", BUILT_IN, ids=lambda folder: folder.name)
def test_nothing_is_found_in_what_comes_with_billql(folder: Path) -> None:
    assert [str(finding) for finding in check(folder)] == []


WARNINGS = {
    "money-currency": (
        "        currency: currency           # the column beside it\n",
        "",
        "      amount:",
    ),
    "money-type": ("type: decimal                # money", "type: real  # money", "type: real"),
    "time-type": (
        "type: timestamp\n        description: When it was issued.",
        "type: integer\n        description: When it was issued.",
        "type: integer",
    ),
    "list-paging": ("        paging: pages\n", "", "      list:"),
    "id-unique": ("    unique: [id]\n", "", "      id:"),
    "reserved-word": ("      customer_name:", "      group:", "      group:"),
    "description-capital": (
        "description: Who owes it.",
        "description: who owes it.",
        "description: who",
    ),
    "echo-unfilled": ("path: customer.name  ", "path: $parameter  ", "      customer_name:"),
    "example-itself": (
        "FROM acme.billing.invoices i\n"
        "          WHERE i.created_at >= date('now', 'start of year')\n"
        "          ORDER BY i.created_at DESC\n",
        "FROM (SELECT 1 AS id, 2 AS amount, 3 AS currency) i\n",
        "    examples:",
    ),
}
"""For each rule what to change, and at which line the finding stands."""


@pytest.mark.parametrize(("rule", "change"), WARNINGS.items(), ids=WARNINGS)
def test_a_warning_names_its_rule_and_line(
    edited: Edit, rule: str, change: tuple[str, str, str]
) -> None:
    old, new, stands_at = change
    findings = [one for one in edited(old, new) if one.rule == rule]
    found = only(findings)
    assert found.severity == "warning"
    assert found.line == line_of(found.path, stands_at)
    assert str(found).startswith(f"{found.path}:{found.line}: resources.invoices")
    assert str(found).endswith(f"[{rule}]")


def test_an_optional_parameter_that_is_shown_is_found(edited: Edit) -> None:
    findings = edited("path: customer.name  ", "path: $parameter  ")
    assert {one.rule for one in findings} == {"echo-unfilled"}
    findings = edited("          since: {", "          customer_name: {}\n          since: {")
    assert {one.rule for one in findings} == {"echo-hidden"}
    assert "SELECT *" in findings[0].message


def test_a_grouping_that_depends_on_the_columns_is_found(edited: Edit) -> None:
    grouping = "          group_by: {value: name, when_read: [customer_name]}\n          since: {"
    found = only(edited("          since: {", grouping))
    assert (found.rule, found.place[-2]) == ("grouped-when-read", "group_by")
    assert "count(*)" in found.message


def test_money_may_name_its_currency_in_the_description(edited: Edit) -> None:
    edited("        currency: currency           # the column beside it\n", "")
    assert edited("description: What is owed.", "description: What is owed, in the currency of the "
                  "account.") == []  # fmt: skip


def test_cents_are_minor_units(edited: Edit) -> None:
    old = "      customer_name:\n        type: text\n"
    found = only(edited(old, "      paid_cents:\n        type: integer\n"))
    assert (found.rule, found.place[-2]) == ("money-type", "paid_cents")


def test_a_list_that_comes_whole_needs_no_paging(edited: Edit) -> None:
    edited("        paging: pages\n", "        expected_rows: 12\n")
    assert (
        edited("paging:\n  pages: {kind: page_number, total: meta.total}\n", "", "provider.yaml")
        == []
    )


def test_paging_that_nobody_uses_is_found_in_the_provider(edited: Edit) -> None:
    found = only(edited("        paging: pages\n", "        expected_rows: 12\n"))
    assert (found.rule, found.place) == ("unused-paging", ("paging", "pages"))
    assert found.line == line_of(found.path, "  pages: {kind")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("i.amount, i.currency", "i.amnt, i.currency", "amnt"),
        ("FROM acme.billing.invoices", "FROM acme.billing.invoicess", "invoicess"),
        ("ORDER BY i.created_at DESC", "ORDER BY i.created_at DESCENDING", "DESCENDING"),
        ("ORDER BY i.created_at DESC", "; SELECT 2", "one statement"),
    ],
)
def test_an_example_that_cannot_run_is_an_error(
    edited: Edit, old: str, new: str, says: str
) -> None:
    found = only([one for one in edited(old, new) if one.severity == "error"])
    assert found.rule == "example-sql"
    assert says in found.message
    if "statement" not in says:
        assert found.line == line_of(found.path, new)


def test_an_example_without_a_required_parameter_is_an_error(edited: Edit) -> None:
    found = only(
        edited(
            '          since: {column: created_at, operator: ">=", match: superset}\n',
            "          customer: {column: customer_name, required: true}\n",
        )
    )
    assert (found.rule, found.severity) == ("example-parameter", "error")
    assert "needs" in found.message
    assert found.line == line_of(found.path, "SELECT i.id")


def test_a_reference_to_no_column_is_an_error(edited: Edit) -> None:
    path = "        path: customer.name"
    found = only(edited(path, f"        references: acme.billing.a.b\n{path}"))
    assert (found.severity, found.rule) == ("error", "reference")
    assert found.message == "there is no column acme.billing.a.b"
    assert found.line == line_of(found.path, "references: acme.billing.a.b")


@pytest.mark.parametrize(
    ("header", "messages"),
    [
        ("acme.billing.invoices, when: {currency: USD}", []),
        ("acme.billing.invoices, when: {nothing: 1}", ["no column acme.billing.invoices.nothing"]),
        ("acme.billing.bills", ["has no `references`", "no resource acme.billing.bills"]),
    ],
)
def test_a_header_has_the_columns_of_what_it_settles(
    edited: Edit, header: str, messages: list[str]
) -> None:
    settles = f"    settles: {{scope: id, header: {{resource: {header}}}}}\n"
    found = edited("    unique: [id]\n", f"    unique: [id]\n{settles}")
    assert [one.rule for one in found] == ["reference"] * len(messages)
    assert all(part in one.message for part, one in zip(messages, found, strict=True))


def test_a_story_about_no_resource_is_an_error(acme: Path) -> None:
    story = acme / "sandbox" / "story.yaml"
    story.parent.mkdir()
    story.write_text("billql: 1\ntables:\n  billing.nothing: {rows: 3}\n")
    found = only(list(check(acme)))
    assert (found.severity, found.rule) == ("error", "story")
    assert f"{story}:3: tables.billing.nothing: there is no resource" in found.message


def test_a_file_that_does_not_hold_hides_no_other(acme: Path, edited: Edit) -> None:
    (acme / "other.yaml").write_text("billql: 1\ndescription: Nothing.\nresources: {}\n")
    findings = edited("description: Who owes it.", "description: who owes it.")
    assert [one.rule for one in findings] == ["description-capital", "format"]
    assert f"{acme / 'other.yaml'}:3: resources" in str(findings[1])


def test_an_invalid_provider_is_the_only_finding(edited: Edit) -> None:
    found = only(edited("version: 0.1.0", "version: new", "provider.yaml"))
    assert found.rule == "format"
    assert "provider.yaml:6: version" in str(found)


def test_names_that_sql_cannot_have_are_errors(acme: Path, tmp_path: Path) -> None:
    (acme / "billing.yaml").rename(acme / "Billing-2.yaml")
    assert "file-name" in {one.rule for one in check(acme)}
    renamed = acme.rename(tmp_path / "Acme-Cloud")
    assert "folder-name" in {one.rule for one in check(renamed)}


def test_a_folder_without_services_is_an_error(acme: Path) -> None:
    (acme / "billing.yaml").unlink()
    assert "no-service" in {one.rule for one in check(acme)}


def test_a_folder_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InterfaceError, match=r"provider\.yaml"):
        list(check(tmp_path))


def test_a_first_provider_overwrites_nothing(acme: Path) -> None:
    (acme / "billing.yaml").write_text("mine")
    with pytest.raises(InterfaceError, match="not empty"):
        scaffold.write(acme, scaffold.files("acme"))
    assert (acme / "billing.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["Acme", "acme-cloud", "1acme", "", "a.b", "../acme"])
def test_a_first_provider_needs_a_name_for_sql(name: str) -> None:
    with pytest.raises(InterfaceError, match="not a valid name"):
        scaffold.files(name)


VIEWS = """\
billql: 1
description: Views of bills.
views:
  owners:
    description: One row for each owner.
    columns: {id: {type: text, description: The owner.}}
    select: SELECT b.customer_name AS id FROM acme.billing.invoices b
    examples: [{question: Who are they?, sql: SELECT o.id FROM acme.views.owners o}]
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", None),
        (
            "b.customer_name AS",
            "b.name AS",
            "views.yaml:7: views.owners.select: error: no such column: b.name",
        ),
        ("acme.billing.invoices", "acme.billing.invoice", "no resource acme.billing.invoice"),
        ("acme.billing.invoices", "digitalocean.billing.balances", "which is not of acme"),
        ("SELECT o.id", "SELECT o.name", "no such column: o.name"),
        ("acme.views.owners o", "acme.billing.invoices o", "no example reads acme.views.owners"),
        ("    examples: [", "    # [", "it has no example"),
    ],
)
def test_views_are_checked(acme: Path, old: str, new: str, expected: str | None) -> None:
    assert old in VIEWS
    (acme / "views.yaml").write_text(VIEWS.replace(old, new, 1) if old else VIEWS)
    found = [str(finding) for finding in check(acme)]
    if expected is None:
        assert found == []
    else:
        assert any(expected in one and "views.yaml" in one for one in found), found
