"""`billql serve`: answers SQL of other programs until Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from billql.cli.guard import warn
from billql.cli.mcp import add_audit, apply_limits, needs_package
from billql.cli.options import add_session, count, open_session, seconds
from billql.errors import Inaccessible, InterfaceError
from billql.output import stderr

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from billql.config.serve import HttpConfig, ServeConfig
    from billql.dbapi.connection import Connection
    from billql.serve.context import ServerContext
    from billql.serve.http.server import HttpOptions, HttpServer
    from billql.serve.mcp.http import McpHttpServer
    from billql.serve.postgres.opening import Opening
    from billql.serve.process import Server


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    add = command.add_argument
    add("--http", metavar="HOST:PORT", help="answer over HTTP at this address")
    add("--mcp", metavar="HOST:PORT", help="answer agents at this address, over HTTP")
    add("--postgres", metavar="HOST:PORT", help="answer PostgreSQL's clients at this address")
    add(
        "--anonymous",
        action="store_true",
        help="let anybody on this machine ask without a token or a password",
    )
    add("--user", metavar="NAME", help="the user that PostgreSQL's clients name (default: billql)")
    add(
        "--password-file",
        metavar="FILE",
        help="a file whose first line is the password of PostgreSQL's clients "
        "(default: BILLQL_POSTGRES_PASSWORD)",
    )
    add(
        "--clients",
        metavar="N",
        type=count,
        help="how many of PostgreSQL's clients may be connected at once (default: 50)",
    )
    add(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="one more name by which clients call the server; can be repeated",
    )
    add("--tls-certificate", metavar="FILE", help="speak TLS with this certificate, in PEM")
    add("--tls-key", metavar="FILE", help="the certificate's key, in PEM")
    add(
        "--behind-proxy",
        action="store_true",
        help="let plain HTTP leave this machine, because a proxy before it speaks TLS",
    )
    add(
        "--statements", metavar="N", type=count, help="how many statements run at once (default: 8)"
    )
    add(
        "--grace",
        metavar="SECONDS",
        type=seconds,
        help="how long statements may go on when the server shall end (default: 10)",
    )
    add_audit(command)
    add_session(command, read_only=True)


def run(options: Namespace) -> int:
    """Serve until a signal arrives; print on stderr where."""
    from billql.serve import process
    from billql.serve.context import ServerContext, ignore
    from billql.serve.notes import Notes
    from billql.sqlite.options import ConnectOptions

    connect_options = ConnectOptions(
        profile=options.profile, config=options.config, definitions=options.definitions
    )
    found = connect_options.load_config()
    config, catalog = found.serve, connect_options.catalog(found)
    apply_limits(options, config)
    http = options.http or config.http.address
    mcp = options.mcp or config.mcp.address
    postgres = options.postgres or config.postgres.address
    if http is mcp is postgres is None:
        raise InterfaceError(
            "There is nothing to serve",
            hint="Name an address, such as --http 127.0.0.1:8080, --mcp 127.0.0.1:8081 or "
            "--postgres 127.0.0.1:5433, or one in the config file.",
        )
    opening = None if postgres is None else _postgres(options, config, postgres)
    notes = Notes(warn)
    with open_session(options, notes) as connection:
        # A mistake in the config file or a definition is shown now, and not to a client.
        connection.execute("SELECT count(*) FROM billql.catalog.connections").fetchall()

        def open_connection() -> Connection:
            return connection.another(options.db)

        servers: list[Server] = []
        announced: list[Callable[[], str]] = []
        context = ServerContext(open_connection, catalog, notes, ignore, stderr.write)
        if http is not None:
            server, context, shown = _http(options, config, http, context)
            servers.append(server)
            announced.append(lambda: shown(server))
        if mcp is not None:
            agents, how = _mcp(options, config, mcp, context)
            servers.append(agents)
            announced.append(lambda: f"MCP: {agents.url} ({how}); press Ctrl-C to end.\n")
        if opening is not None:
            wire = opening.open(context)
            servers.append(wire)
            announced.append(lambda: f"PostgreSQL: {wire.url}; press Ctrl-C to end.\n")
        grace = config.grace if options.grace is None else options.grace
        process.run(servers, lambda: stderr.write("".join(show() for show in announced)), grace)
    return 0


def _postgres(options: Namespace, config: ServeConfig, address: str) -> Opening:
    """Return how a server of PostgreSQL's protocol is opened; raise InterfaceError if unsafe."""
    from billql.serve.address import Address
    from billql.serve.postgres.opening import Opening

    own = config.postgres
    is_anonymous = options.anonymous or own.anonymous
    return Opening.checked(
        Address.parse(address),
        options.user or own.user,
        None if is_anonymous else _password(options.password_file, own.password_env),
        password_env=own.password_env,
        is_anonymous=is_anonymous,
        certificate=options.tls_certificate or own.tls_certificate,
        key=options.tls_key or own.tls_key,
        clients=own.clients if options.clients is None else options.clients,
    )


def _password(path: str | None, variable: str) -> str | None:
    if path is None:
        return os.environ.get(variable)
    try:
        return Path(path).read_text(encoding="utf-8").split("\n", 1)[0].removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Inaccessible(f"{path}: {why}", hint="Name a file with the password.") from error


def _http(
    options: Namespace,
    config: ServeConfig,
    address: str,
    context: ServerContext,
) -> tuple[HttpServer, ServerContext, Callable[[HttpServer], str]]:
    """Return a server over HTTP, the context in which its metrics count the statements of all
    servers, and what describes where it is.
    """
    try:
        from billql.serve.http.server import HttpServer
        from billql.serve.metrics import Metrics
    except ModuleNotFoundError as error:
        raise InterfaceError(
            f"Serving HTTP needs {error.name}, which is not installed",
            hint="Install it with: pip install 'billql[http]'",
        ) from error
    access = _access(options, config, config.http, address)
    is_new = access.token is not None and not os.environ.get(config.http.token_env)
    secret = f"#token={access.token}" if is_new else ""

    def announced(server: HttpServer) -> str:
        how = "new token" if is_new else _token_place(access, config.http)
        return f"HTTP: {server.url}{secret} ({how}); press Ctrl-C to end.\n"

    metrics = Metrics()
    counted = context._replace(observe=metrics)
    return HttpServer(access, counted, metrics), counted, announced


def _mcp(
    options: Namespace, config: ServeConfig, address: str, context: ServerContext
) -> tuple[McpHttpServer, str]:
    """Return a server of agents, and in words which token it wants."""
    try:
        from billql.serve.mcp import audit
        from billql.serve.mcp.calls import Calls
        from billql.serve.mcp.http import McpHttpServer
    except ModuleNotFoundError as error:
        raise needs_package(error) from error
    access = _access(options, config, config.mcp, address)
    is_new = access.token is not None and not os.environ.get(config.mcp.token_env)
    how = f"token {access.token}" if is_new else _token_place(access, config.mcp)
    log = audit.nowhere if options.audit_log is None else audit.to_file(options.audit_log)
    return McpHttpServer(Calls(context, log, options.statements), access), how


def _access(options: Namespace, config: ServeConfig, http: HttpConfig, address: str) -> HttpOptions:
    """Return where a server over HTTP listens and who may ask, with a new token if it has none;
    raise InterfaceError if that is unsafe.
    """
    from billql.serve.address import Address
    from billql.serve.http.server import HttpOptions, new_token

    certificate = options.tls_certificate or http.tls_certificate
    key = options.tls_key or http.tls_key
    is_anonymous = options.anonymous or http.anonymous
    return HttpOptions(
        Address.parse(address),
        None if is_anonymous else os.environ.get(http.token_env) or new_token(),
        (*options.allow_host, *http.hosts),
        None if certificate is None else Path(certificate),
        None if key is None else Path(key),
        options.behind_proxy or http.behind_proxy,
        options.statements,
        config.waiting,
    )


def _token_place(access: HttpOptions, http: HttpConfig) -> str:
    return "no token" if access.token is None else f"token in {http.token_env}"
