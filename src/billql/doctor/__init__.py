"""Whether billql can do its work here: versions, surroundings, config file, definitions, tokens.

Each check yields a `Finding`. Nothing is sent unless `online`; then each connection sends one small
request, whose response shows whether its token is accepted, how
many requests it has left, and what time it is.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import platform
import threading
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

from billql._version import __version__
from billql.config import paths
from billql.config.file import ResolvedConfig
from billql.definitions.catalog import Catalog, Table
from billql.doctor import _packages, _surroundings
from billql.doctor.finding import Finding, Level, failure
from billql.errors import CredentialMissing, Error, Exit, InterfaceError
from billql.http import secret_sources
from billql.http.access_tokens import AccessTokens, NotGranted
from billql.http.api_errors import error_from_response
from billql.http.credentials import ApiConnection, ConnectionResolver, url_variable
from billql.http.exchange import NetworkBackend
from billql.http.rate_limiter import remaining
from billql.http.reply import HttpBackend, HttpResponse, NoResponse
from billql.messages import Request
from billql.planning.binder import bind
from billql.planning.planner import choose_plan
from billql.sqlite.options import ConnectOptions
from billql.util.clock import Clock
from billql.util.text import counted

_MOST_SKEW = 30.0
"""By how many seconds the clock may be wrong before it matters to a token or a signature."""


def examine(
    connect_options: ConnectOptions, *, online: bool = False, backend: HttpBackend | None = None
) -> Iterator[Finding]:
    """Yield the findings of all checks; with `online`, those of each connection's API as well."""
    yield from _versions()
    try:
        found = connect_options.load_config()
    except Error as error:
        yield failure("config", error)
        found = ResolvedConfig()
    else:
        yield from _config(connect_options, found)
    try:
        catalog = connect_options.catalog(found)
    except Error as error:
        yield failure("definitions", error)
        catalog = Catalog()
    yield from _definitions(connect_options, found, catalog)
    yield from _packages.look(connect_options, found)
    credentials = ConnectionResolver(
        connect_options.environ, connect_options.tokens, connect_options.urls, found.connections
    )
    yield from _surroundings.look(connect_options.environ, _urls(catalog, credentials))
    yield from _unknown_variables(connect_options.environ, found, catalog)
    probe = _Probe(connect_options, found, backend) if online else None
    yield from _connections(credentials, found, catalog, probe)


def worst(findings: list[Finding]) -> int:
    """Return the exit code of the worst finding."""
    return max((one.exit for one in findings if one.level is Level.ERROR), default=Exit.OK)


def _versions() -> Iterator[Finding]:
    import apsw

    # An older Python than billql needs does not come this far.
    yield Finding(Level.OK, "Python", platform.python_version())
    yield Finding(Level.OK, "billql", __version__)
    yield Finding(Level.OK, "SQLite", f"{apsw.sqlite_lib_version()}, by APSW {apsw.apsw_version()}")


def _config(connect_options: ConnectOptions, found: ResolvedConfig) -> Iterator[Finding]:
    path = connect_options.config_path
    if path is None:
        yield Finding(
            Level.NOTE,
            "config",
            "none, for there is no home folder",
            "Set a file with BILLQL_CONFIG or --config, or a home folder with HOME.",
        )
        return
    if not os.path.exists(path):  # noqa: PTH110 - it never raises
        yield Finding(Level.NOTE, "config", f"none; it would be {path}")
        return
    for warning in found.warnings:
        yield Finding(Level.WARNING, "config", warning)
    yield Finding(Level.OK, "config", f"{path}: {counted(len(found.connections), 'connection')}")


def _definitions(
    connect_options: ConnectOptions, found: ResolvedConfig, catalog: Catalog
) -> Iterator[Finding]:
    for folder in (*connect_options.definitions, *found.profile.definitions):
        with contextlib.suppress(InterfaceError):  # it was reported already
            if not os.path.isdir(path := paths.expanded(folder)):  # noqa: PTH112
                hint = "--definitions, or `definitions` in the config file, names it."
                yield Finding(Level.WARNING, "definitions", f"{path} is no folder", hint)
    for name in catalog.providers():
        try:
            services = catalog.services(name)
            count = sum(len(catalog.resources(name, service)) for service in services)
            version = catalog.provider(name).version
        except Error as error:
            yield failure(f"provider {name}", error)
        else:
            yield Finding(Level.OK, f"provider {name}", f"{version}: {counted(count, 'resource')}")


def _urls(catalog: Catalog, credentials: ConnectionResolver) -> Iterator[str]:
    """Yield the addresses that connections ask, as far as there are any."""
    for provider_name in catalog.providers():
        for name in credentials.names(provider_name):
            with contextlib.suppress(Error):
                provider = catalog.provider(provider_name)
                yield credentials.address(name, provider_name, provider)


def _unknown_variables(
    environ: Mapping[str, str], found: ResolvedConfig, catalog: Catalog
) -> Iterator[Finding]:
    """Yield variables that look like billql's and are unknown, as after a typing error."""
    known = {"BILLQL_CONFIG", "BILLQL_DATA", "BILLQL_DEBUG"}
    known |= set(map(url_variable, catalog.providers()))
    known |= {secret_sources.variable(name) for name in found.connections}
    known |= {one.token_env for one in found.connections.values() if one.token_env}
    for name in sorted(environ):
        if name.startswith("BILLQL_") and name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1)
            hint = f"Did you mean {near[0]}?" if near else None
            yield Finding(Level.WARNING, "environment", f"{name} means nothing to billql", hint)


def _connections(
    credentials: ConnectionResolver, found: ResolvedConfig, catalog: Catalog, probe: _Probe | None
) -> Iterator[Finding]:
    for name, config in found.connections.items():
        if config.provider not in catalog.providers():
            yield Finding(
                Level.ERROR,
                f"connection {name}",
                f"there is no provider {config.provider}",
                f"Known providers: {', '.join(catalog.providers())}.",
                Exit.USAGE,
            )
    for provider_name in catalog.providers():
        for name in credentials.names(provider_name):
            subject = f"connection {name}"
            try:
                provider = catalog.provider(provider_name)
                credentials.address(name, provider_name, provider)
                connection = credentials.connection(name, provider_name, provider)
            except CredentialMissing as error:
                if name in found.connections:
                    yield failure(subject, error)
                else:
                    yield Finding(Level.NOTE, subject, "not set up", error.hint)
            except Error as error:
                yield failure(subject, error)
            else:
                text = f"has a token, from {connection.source}"
                if connection.readdressed is not None:
                    text += f"; it asks {connection.url}, by {connection.readdressed}"
                yield Finding(Level.OK, subject, text)
                if probe is not None:
                    yield from probe.ask(connection, catalog)


class _Probe:
    """Asks a connection for one small thing."""

    def __init__(
        self, connect_options: ConnectOptions, found: ResolvedConfig, backend: HttpBackend | None
    ) -> None:
        self._options = connect_options.engine_options(found)
        self._backend = backend or NetworkBackend(
            self._options.settings, self._options.http_transport, environ=connect_options.environ
        )
        self._access_tokens = AccessTokens(self._backend, Clock())

    def ask(self, connection: ApiConnection, catalog: Catalog) -> Iterator[Finding]:
        """Yield whether the API accepts a connection's token, and whether the clocks agree."""
        subject = f"connection {connection.name}"
        table = _easiest(catalog, connection.provider_name)
        if table is None:
            why = "every resource needs a key, or is charged for"
            yield Finding(Level.NOTE, subject, f"not asked: {why}")
            return
        request = self._request(table, connection)
        before = time.monotonic()
        try:
            request, reply, is_of_credential = self._exchange(request, connection)
        except Error as error:
            yield failure(subject, error)
            return
        except NoResponse as why:
            hint = why.hint or "Check the network, and the connection's address."
            text = connection.redact(f"{connection.url} sent no response: {why}")
            yield Finding(Level.ERROR, subject, text, hint, Exit.NETWORK)
            return
        if is_of_credential:
            refused = error_from_response(request, connection, reply, is_of_credential=True)
            yield failure(subject, refused)
        else:
            yield _accepted(subject, table, request, connection, reply)
        took = time.monotonic() - before
        yield from _clock(subject, reply, self._options.clock().timestamp(), took)

    def _exchange(
        self, request: Request, connection: ApiConnection
    ) -> tuple[Request, HttpResponse, bool]:
        """Return a response, what it responds to, and whether that was for an access token."""
        stop = threading.Event()
        headers = self._access_tokens.headers_for(request, connection, stop)
        if not isinstance(headers, NotGranted):
            return request, self._backend.exchange(request, headers, stop), False
        if isinstance(headers.reply, NoResponse):
            raise headers.reply
        return headers.request, headers.reply, True

    def _request(self, table: Table, connection: ApiConnection) -> Request:
        plan = choose_plan(table, (), frozenset())
        (first, *_) = bind(table, plan, (), [connection], self._options.clock()).lists
        paginator = table.reading(table.resource.methods[plan.method])
        return first.first if paginator is None else paginator.with_page_size(first.first, 1)


def _easiest(catalog: Catalog, provider: str) -> Table | None:
    """Find a resource that can be read without a key and for nothing, if possible one of a single
    row.
    """
    found = None
    for service in catalog.services(provider):
        for resource in catalog.resources(provider, service):
            table = catalog.table(f"{provider}.{service}.{resource}")
            plan = choose_plan(table, (), frozenset())
            if plan.missing or table.resource.methods[plan.method].price is not None:
                continue
            if table.resource.methods[plan.method].single:
                return table
            found = found or table
    return found


def _accepted(
    subject: str, table: Table, request: Request, connection: ApiConnection, reply: HttpResponse
) -> Finding:
    if reply.status == 200:
        left = remaining(reply.headers)
        return Finding(Level.OK, subject, f"its token is accepted{f'; {left}' if left else ''}")
    if reply.status == 403:
        return Finding(Level.OK, subject, f"its token is accepted, but may not read {table.name}")
    return failure(subject, error_from_response(request, connection, reply))


def _clock(subject: str, reply: HttpResponse, now: float, took: float) -> Iterator[Finding]:
    """Compare the API's clock with this one; a response has its time to the second."""
    try:
        theirs = parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return
    skew = now - theirs
    if abs(skew) > _MOST_SKEW + took:
        way = "ahead of" if skew > 0 else "behind"
        yield Finding(
            Level.WARNING,
            "clock",
            f"{abs(skew):.0f} seconds {way} the API of {subject}",
            "Let the machine set its clock by the network.",
        )
    else:
        yield Finding(Level.OK, "clock", f"agrees with the API of {subject}")
