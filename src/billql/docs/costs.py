"""What reading a resource costs, in sentences: limits, pages, requests, and what is cached."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from billql.definitions.catalog import Table
from billql.definitions.methods import Method
from billql.definitions.model import Provider
from billql.messages import constant_text, to_text
from billql.util.text import counted

_ROWS = 1000
"""The number of rows that is assumed where a definition states none."""

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def of_provider(provider: Provider) -> Iterator[str]:
    """Yield sentences on how often an API may be called."""
    if provider.limits:
        limits = (f"{one.requests:,} requests in {_time(one.seconds)}" for one in provider.limits)
        yield f"A token allows {_listed(limits)}; billql waits when it must."
    yield f"At most {provider.concurrency} requests run at the same time."


def of_method(table: Table, method: Method) -> Iterator[str]:
    """Yield sentences on the requests of a method and on their responses."""
    yield _requests(table, method)
    if method.price is not None:
        yield method.price.sentence
    if method.window_limit is not None:
        limit = method.window_limit
        unit, count = ("day", limit.days) if limit.months is None else ("month", limit.months)
        yield (
            f"A request covers {counted(count or 1, unit, ',')} of `{limit.column}`; "
            f"a longer range needs several, {limit.most} at most."
        )
    if method.split_by is not None:
        yield f"A long list is split by `{method.split_by}`, and its parts are fetched in parallel."
    if method.order:
        terms = (
            f"`{one.removeprefix('-')}`{', descending' if one.startswith('-') else ''}"
            for one in method.order
        )
        yield f"Rows are ordered by {_listed(terms)}."
    for name, parameter in method.parameters.items():
        if parameter.when_read and parameter.value is not None:
            columns = _listed((f"`{one}`" for one in parameter.when_read), "or")
            sent = f"{parameter.name or name}={constant_text(parameter.value)}"
            yield f"A statement that reads {columns} sends `{sent}` too."
    if method.missing == "empty":
        yield "A key that the API does not know has no row."
    if method.freshness is not None:
        unless = _listed(
            f"`{name} = {to_text(one)!r}`" for name, one in method.freshness.unless.items()
        )
        except_for = f", except for {unless}" if unless else ""
        yield f"A response is cached for {_time(method.freshness.seconds)}{except_for}."


def _requests(table: Table, method: Method) -> str:
    paginator = table.paginator(method)
    if method.single:
        return "One request returns the row."
    if paginator is None:
        return "One request returns all rows."
    if paginator.size is None:
        return "The API decides how large a page is; each page is a request."
    how = (
        "the pages after the first are fetched in parallel"
        if paginator.is_random_access
        else "each page leads to the next"
    )
    page = f"A page has {paginator.size:,} items"
    if paginator.size_by is not None:
        by = paginator.size_by
        page += "".join(f", {size:,} if `{by.parameter} = {at}`" for at, size in by.sizes.items())
    if any(source.at.count("[]") > 1 for source in method.sources()):
        return f"{page}, each with any number of rows; {how}."
    rows = method.expected_rows or _ROWS
    count = math.ceil(rows / paginator.size)
    return f"{page}, so it takes about {counted(count, 'request', ',')} for {rows:,} rows; {how}."


def _time(seconds: float) -> str:
    """Return a number of seconds in the largest unit that divides it."""
    size, unit = next(one for one in _UNITS if seconds % one[0] == 0 or one[0] == 1)
    count = seconds / size
    if count == 1:
        return f"{'an' if unit == 'hour' else 'a'} {unit}"
    return f"{count:g} {unit}s"


def _listed(items: Iterable[str], last: str = "and") -> str:
    """Return items as a list within a sentence."""
    *others, end = [*items] or [""]
    return f"{', '.join(others)} {last} {end}" if others else end
