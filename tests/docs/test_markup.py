"""Markdown and code → HTML."""

from __future__ import annotations

import pytest

from billql.docs import markup
from billql.docs.markup import Links, Section
from docs.conftest import read

LINKS = Links(lambda target: f"to/{target}", {"acme.billing.invoices": "invoices.html"}.get)


def body(text: str) -> str:
    return markup.document(text, LINKS).html


def test_the_first_heading_is_the_title() -> None:
    made = markup.document("# A *fine* title\n\nText.\n", LINKS)
    assert (made.title, made.html) == ("A fine title", "<p>Text.</p>\n")


def test_headings_have_ids_as_on_github() -> None:
    made = markup.document("# T\n\n## What's `a.b`?\n\nOne\ntwo.\n\n## Same\n\n## Same\n", LINKS)
    assert made.sections == (
        Section(2, "whats-ab", "What's a.b?", "One two."),
        Section(2, "same", "Same", ""),
        Section(2, "same-2", "Same", ""),
    )
    assert '<h2 id="same-2">' in made.html


def test_links_go_where_they_are_sent() -> None:
    assert body("[a](b.md#c)") == '<p><a href="to/b.md#c">a</a></p>\n'


def test_names_of_tables_are_links_but_not_within_one() -> None:
    name = "acme.billing.invoices"
    link = f'<a href="invoices.html"><code>{name}</code></a>'
    assert body(f"`{name}`") == f"<p>{link}</p>\n"
    assert body(f"[`{name}`](x) `{name}`") == (
        f'<p><a href="to/x"><code>{name}</code></a> {link}</p>\n'
    )
    assert body("`acme.billing`") == "<p><code>acme.billing</code></p>\n"


@pytest.mark.parametrize(
    "text", ["<script>x</script>", "a <b>c</b>", "`<i>`", "```sql\n<i>&\n```", "    <i>", "# <i>"]
)
def test_html_is_text(text: str) -> None:
    assert not {tag for tag, _ in read(body(f"# T\n\n{text}")).tags} & {"script", "b", "i"}


def test_sentences_know_code_alone() -> None:
    assert str(markup.inline("a *b* `c<d` <e> [f](g)", LINKS)) == (
        "a *b* <code>c&lt;d</code> &lt;e&gt; [f](g)"
    )


def test_code_is_coloured_and_stays_what_it_was() -> None:
    sql = "SELECT 'a<b' AS \"x\", 12 -- & so\nFROM t;\n"
    made = markup.code(sql, "sql")
    assert read(made).blocks == [sql]
    assert '<span class="k">SELECT</span>' in made
    assert '<span class="n">12</span>' in made
    assert '<span class="c">-- &amp; so' in made


def test_a_language_that_nobody_knows_is_plain() -> None:
    assert read(markup.code("a < b\n", "klingon")).blocks == ["a < b\n"]


def test_tables_scroll_by_themselves() -> None:
    made = body("| a | b |\n|---|---:|\n| 1 | 2 |\n")
    assert made.startswith('<div class="scroll" tabindex="0"><table>')
    assert '<td style="text-align:right">2</td>' in made
