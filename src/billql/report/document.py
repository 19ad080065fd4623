"""A report: what a template becomes when its blocks are run in a session."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from billql._version import __version__
from billql.errors import CredentialMissing, Error, InterfaceError
from billql.output import MoneyColumns, left_out
from billql.output.chart import figure as figures
from billql.report.months import check_reach, chosen, parameters_of
from billql.report.template import Block, Text
from billql.sql.statements import each_statement
from billql.util.text import counted

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator, Sequence

    from billql.dbapi.connection import Connection
    from billql.fetching.scan_stats import ScanStats
    from billql.output import Columns
    from billql.output.chart.figure import Figure
    from billql.report.template import Template
    from billql.sql.amounts import Amount


class Table(NamedTuple):
    """The result of a block: its rows, and its charts, one for each currency."""

    title: str
    columns: Columns
    rows: list[Sequence[Any]]
    charts: list[Figure]
    empty: str
    """What stands in its place if there are no rows."""


class Document(NamedTuple):
    """A report that can be written."""

    title: str
    parts: list[Text | Table]
    notes: list[str]
    """The footnotes: what the report is of, what was requested, and what to know of it."""
    warnings: list[str]
    """Those of the notes that are shown on stderr too."""
    left_out: list[str]
    """The connections that are left out of some table."""


def make(
    template: Template,
    connection: Connection,
    month: str | None,
    thousands: Callable[[], bool],
    source: str,
) -> Document:
    """Run the blocks of a template and return the document; see `months.chosen` for the month.

    `source` states where the rows are from. An optional block without a token becomes a note;
    an error of any other block names its line of the template.
    """
    begin = connection.session.now()
    values = parameters_of(chosen(month, begin.date()), begin.date())
    missing: list[str] = []
    for part in template.parts:
        if isinstance(part, Block) and part.months is not None:
            try:
                check_reach(values["month"], begin.date(), part.months)
            except InterfaceError as error:
                error.locate(f"{template.name}:{part.line}")
                raise
    parts: list[Text | Table] = []
    scans: list[ScanStats] = []
    for part in template.parts:
        if isinstance(part, Text):
            parts.append(Text(filled(part.markdown, values)))
            continue
        try:
            parts += _tables(part, connection, values, thousands, scans)
        except Error as error:
            if part.is_optional and isinstance(error, CredentialMissing):
                parts.append(Table("", (), [], [], f"{error.message}."))
                missing.append(error.message)
                continue
            error.locate(f"{template.name}:{part.line}")
            raise
    warnings = list(dict.fromkeys([*missing, *left_out.warnings(scans)]))
    return Document(
        filled(template.title, values),
        parts,
        [*_notes(values["month"], begin, source, scans), *warnings, *_oddities(scans)],
        warnings,
        left_out.names(scans),
    )


def filled(text: str, values: dict[str, str]) -> str:
    """Return a text with the values of `{month}` and so on; any other brace stays as it is."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _tables(
    block: Block,
    connection: Connection,
    values: dict[str, str],
    thousands: Callable[[], bool],
    scans: list[ScanStats],
) -> Iterator[Table]:
    """Yield a table for each statement of a block that returns rows, and add its scans."""
    count = 0
    for statement in each_statement(block.sql):
        with connection.execute(statement, values) as cursor:
            if cursor.description is not None:
                count += 1
                amounts = cursor.amounts()  # what finds them out ends with the statement
                columns = _known(cursor.description, amounts)
                rows = cursor.fetchall()
                title = filled(block.title or f"Line {block.line}", values)
                charts = list(_charts(block, title, columns, rows, thousands))
                empty = filled(block.empty, values)
                yield Table(title, columns, rows, charts, empty)
            scans += cursor.scans
    if not count:
        raise InterfaceError("No statement of the block returns rows", hint="Add a SELECT.")


def _known(columns: Columns, amounts: Sequence[Amount | None]) -> MoneyColumns:
    return MoneyColumns(columns, lambda: amounts)


def _charts(
    block: Block,
    title: str,
    columns: MoneyColumns,
    rows: list[Sequence[Any]],
    thousands: Callable[[], bool],
) -> Iterator[Figure]:
    """Yield the charts of a result, one for each currency: amounts of two do not compare."""
    if block.chart is None or not rows:
        return
    names = [str(column[0]) for column in columns]
    if unknown := [name for name in block.columns if name not in names]:
        raise InterfaceError(
            f"The result has no column {unknown[0]}, which the chart draws",
            hint=f"It has {', '.join(names)}.",
        )
    places = [names.index(name) for name in block.columns] or list(range(len(names)))
    at = names.index("currency") if "currency" in names else None
    if at is not None and at not in places:
        places.append(at)
    amounts = columns.amounts()
    for currency, group in groupby(sorted(rows, key=_by(at)), _by(at)):
        figure = figures.read(
            _known(
                [columns[place] for place in places],
                [_moved(amounts[place], places) for place in places],
            ),
            iter([[row[place] for place in places] for row in group]),
            title=f"{title}, {currency}" if currency else title,
            kind=block.chart,
            thousands=thousands,
        )
        if not figures.is_empty(figure):
            yield figure


def _by(at: int | None) -> Callable[[Sequence[Any]], str]:
    return lambda row: "" if at is None else str(row[at] or "")


def _moved(amount: Amount | None, places: list[int]) -> Amount | None:
    """Return an amount whose currency stands in another place of fewer columns."""
    if amount is None or amount.place is None:
        return amount
    place = places.index(amount.place) if amount.place in places else None
    return amount._replace(place=place)


def _notes(
    month: str, begin: datetime.datetime, source: str, scans: list[ScanStats]
) -> Iterator[str]:
    at = f"{begin:%Y-%m-%dT%H:%M:%SZ}"
    yield f"Month {month}, read at {at} from {source}, by billql {__version__}."
    requests: Counter[str] = Counter()
    for scan in scans:
        for (provider, _), stats in scan.by_connection.items():
            requests[provider] += stats.requests
    sent = {provider: number for provider, number in sorted(requests.items()) if number}
    if sent:
        by = ", ".join(f"{provider} {number}" for provider, number in sent.items())
        yield f"{counted(sum(sent.values()), 'request')}: {by}."
    else:
        yield "No requests were sent: all rows are from the cache or from tables."


def _oddities(scans: list[ScanStats]) -> list[str]:
    return list(dict.fromkeys(f"{scan.resource}: {note}" for scan in scans for note in scan.notes))
