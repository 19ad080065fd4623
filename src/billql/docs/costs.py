"""What reading a resource takes, in sentences: limits, pages, requests, and what is kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from billql.definitions.catalog import Table
from billql.definitions.model import Method, Provider
from billql.messages import to_text
from billql.util.text import counted

_ROWS = 1000
"""The length of the list that is reckoned with, where a definition does not say what to expect."""

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def of_provider(provider: Provider) -> Iterator[str]:
    """Say how often an API may be asked."""
    if provider.limits:
        limits = (f"{one.requests:,} times in {_time(one.seconds)}" for one in provider.limits)
        yield f"A token may ask {_listed(limits)}; billql waits when it must."
    yield f"At most {provider.concurrency} requests are under way at once."


def of_method(table: Table, method: Method) -> Iterator[str]:
    """Say what a method's requests cost and give."""
    yield _requests(table, method)
    if method.slices is not None:
        yield (
            f"A request covers {method.slices.days} days of `{method.slices.column}`; a longer "
            f"range takes several, {method.slices.most} at most."
        )
    if method.cut is not None:
        yield f"A long list is cut by `{method.cut}`, and its parts are fetched at once."
    if method.order:
        terms = (
            f"`{one.removeprefix('-')}`{', descending' if one.startswith('-') else ''}"
            for one in method.order
        )
        yield f"Rows come in the order of {_listed(terms)}."
    for name, parameter in method.parameters.items():
        if parameter.when_read and parameter.value is not None:
            columns = _listed((f"`{one}`" for one in parameter.when_read), "or")
            sent = f"{parameter.name or name}={to_text(parameter.value)}"
            yield f"A statement that reads {columns} sends `{sent}` too."
    if method.missing == "empty":
        yield "A key that the API does not know gives no row."
    if method.keep is not None:
        unless = _listed(f"`{name} = {to_text(one)!r}`" for name, one in method.keep.unless.items())
        except_for = f", except for {unless}" if unless else ""
        yield f"An answer is kept for {_time(method.keep.seconds)}{except_for}."


def _requests(table: Table, method: Method) -> str:
    paginator = table.paginator(method)
    if method.single:
        return "One request gives the row."
    if paginator is None:
        return "One request gives all rows."
    if paginator.size is None:
        return "The API decides how large a page is; each page is a request."
    rows = method.expected_rows or _ROWS
    count = math.ceil(rows / paginator.size)
    about = f"about {counted(count, 'request', ',')} for {rows:,} rows"
    how = (
        "the pages after the first are fetched at once"
        if paginator.is_random_access
        else "each tells how to get the next"
    )
    return f"A page has {paginator.size:,} items, so it takes {about}; {how}."


def _time(seconds: float) -> str:
    """Say a time in the largest unit that divides it."""
    size, unit = next(one for one in _UNITS if seconds % one[0] == 0 or one[0] == 1)
    count = seconds / size
    if count == 1:
        return f"{'an' if unit == 'hour' else 'a'} {unit}"
    return f"{count:g} {unit}s"


def _listed(words: Iterable[str], last: str = "and") -> str:
    """Join words as a sentence does."""
    *others, end = [*words] or [""]
    return f"{', '.join(others)} {last} {end}" if others else end
