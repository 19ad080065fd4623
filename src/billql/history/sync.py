"""What matters of the connected providers, read again: bills, invoices, payments, costs.

A resource matters whose definition states when it settles, or that a view such as FOCUS's reads. It
is left out if the API charges for its requests, unless it is named: nobody pays for what they did
not ask for. Each has a history of its own, named like `digitalocean_billing_invoices`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from billql import errors
from billql.definitions import views
from billql.definitions.catalog import Catalog, Table
from billql.definitions.shared import SHARED
from billql.history.session import HistorySession
from billql.planning.capabilities import query_keys
from billql.sql.tokenizer import quote


class Synced(NamedTuple):
    """The outcome of one history."""

    history: str
    scopes: int
    """How many scopes were read."""
    added: int
    removed: int
    restated: int
    """How many scopes that were closed have changed."""
    requests: int
    seconds: float
    error: errors.Error | None = None
    """What has stopped it; what was stored before stays."""

    @property
    def line(self) -> str:
        """Return it as a line of a log."""
        if self.error is not None:
            return f"{self.history}: {self.error.message}"
        restated = f", {self.restated} restated" if self.restated else ""
        return (
            f"{self.history}: {self.scopes} scopes read{restated}, {self.added} rows added, "
            f"{self.removed} removed, {self.requests} requests, {self.seconds:.1f} s"
        )


def sync(
    session: HistorySession,
    names: Sequence[str] = (),
    note: Callable[[str], object] = lambda text: None,
) -> Iterator[Synced]:
    """Read histories again, and make those that are missing; yield the outcome of each.

    `names` are histories or resources; without them, all histories of the file and all resources
    that matter are read. `note` is called with a line for each scope. An error of one history is
    yielded, and the others go on; Interrupted is raised, and UnknownName for a name that is
    neither.
    """
    session.store().check_writable()
    for name, statement in _statements(session, names):
        session.refreshed = note
        last = session.store().last_number()
        start = time.monotonic()
        error: errors.Error | None = None
        try:
            session.execute(statement).close()
        except errors.Interrupted:
            raise
        except errors.Error as found:
            error = found
        requests = sum(scan.requests for scan in session.scans)
        counts = session.store().counts_since(name, last)
        yield Synced(name, *counts, requests, time.monotonic() - start, error)


def _statements(session: HistorySession, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the histories to read, each with the statement that does it."""
    store, catalog = session.store(), session.engine.catalog
    known = {one.name.lower(): one.name for one in store.all()}
    resources = []
    for name in names:
        if (own := known.get(name.lower())) is not None:
            yield own, f"REFRESH MATERIALIZED VIEW {quote(own)}"
        else:
            resources.append(catalog.table(name).name)
    if not names:
        resources = list(matters(catalog, session.engine.is_connected))
    done = set[str]()
    for resource in resources:
        history = store.of_resource(resource)
        if history is None:
            own = resource.replace(".", "_")
            table = catalog.table(resource)
            scope = "" if table.resource.settles is not None else " SCOPE BY NONE"
            # The views of FOCUS join by the hidden column too.
            select = f"SELECT *, connection FROM {resource}"
            create = f"CREATE MATERIALIZED VIEW {quote(own)}{scope} AS {select}"
            yield own, create
        else:
            own = history.name
            yield own, f"REFRESH MATERIALIZED VIEW {quote(own)}"
        done.add(own)
    if not names:
        for own in known.values():
            if own not in done:
                yield own, f"REFRESH MATERIALIZED VIEW {quote(own)}"


def matters(catalog: Catalog, is_connected: Callable[[str], bool]) -> Iterator[str]:
    """Yield the whole names of the resources that matter, of the providers with a token."""
    for provider in catalog.providers():
        if not (catalog.is_light(provider) and is_connected(provider)):
            continue
        found = dict.fromkeys(_read_by_views(catalog, provider))
        for service in catalog.services(provider):
            for resource in catalog.resources(provider, service):
                name = f"{provider}.{service}.{resource}"
                table = catalog.table(name)
                if table.resource.settles is not None:
                    found[name] = None
        for name in found:
            table = catalog.table(name)
            if not _is_charged(table) and _is_readable(table):
                yield name


def _is_charged(table: Table) -> bool:
    return any(method.price is not None for method in table.resource.methods.values())


def _is_readable(table: Table) -> bool:
    """Return whether all of it can be read: it needs no key, or its definition lists the keys."""
    settles = table.resource.settles
    return settles is not None or not query_keys(table)


def _read_by_views(catalog: Catalog, provider: str) -> Iterator[str]:
    """Yield the resources that a provider's parts of views read."""
    waiting = [
        f"{provider}.{service}.{view}"
        for service in catalog.services(provider)
        for view in views.names(catalog, provider, service)
    ]
    seen = set(waiting)
    while waiting:
        view = views.find(catalog, waiting.pop())
        if view is None or view.provider_name == SHARED:
            continue
        for name in view.reads:
            if views.find(catalog, name) is None:
                yield name
            elif name not in seen:
                seen.add(name)
                waiting.append(name)
