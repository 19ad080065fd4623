"""`billql sandbox`: serves mock billing APIs until Ctrl-C or SIGTERM."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Any, NoReturn

from billql.cli.options import add_definitions, count, seconds
from billql.definitions.auth.base import SEPARATOR
from billql.definitions.stackql import is_stackql
from billql.errors import InterfaceError
from billql.output import stderr, stdout
from billql.sandbox import MOST, SCALES, Limits, Sandbox

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from datetime import date

    from billql.definitions.catalog import Catalog


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    add = command.add_argument
    add(
        "providers",
        metavar="PROVIDER",
        nargs="*",
        help="the providers to serve (default: all that billql has definitions of)",
    )
    add_definitions(command)
    add("--port", metavar="N", type=count, default=0, help="the port (default: any free port)")
    add("--latency", metavar="SECONDS", type=seconds, default=0.0, help="delay every response")
    add(
        "--seed",
        metavar="N",
        type=int,
        default=1,
        help="the seed of the generated data (default: 1)",
    )
    add(
        "--size",
        default="normal",
        help="the size of the data: small, normal (default), large, or a number up to 400",
    )
    add("--until", metavar="DATE", help="the last day of the data (default: today)")
    add("--limits", action="store_true", help="enforce the rate limits of the APIs")
    add(
        "--restate",
        action="store_true",
        help="correct DigitalOcean's invoices in the month after them, on the 6th and the 14th",
    )
    add(
        "--untidy",
        action="store_true",
        help="send irregular forms of values, as real APIs sometimes do",
    )


def run(options: Namespace) -> int:
    """Serve until a signal arrives; print its addresses and tokens as `export` lines of a shell."""
    from billql.http.credentials import url_variable

    signal.signal(signal.SIGTERM, _stop)
    catalog = _catalog(options)
    with contextlib.suppress(KeyboardInterrupt), _sandbox(options, catalog) as sandbox:
        for name, url in sandbox.urls.items():
            stdout.line(f"export {url_variable(name)}={url}")
            variables = catalog.provider(name).auth.env_vars()
            secrets = sandbox.tokens[name].split(SEPARATOR, len(variables) - 1)
            for variable, secret in zip(variables, secrets, strict=False):
                stdout.line(f"export {variable}={secret}")
        stderr.write("The sandbox is ready; press Ctrl-C to stop it.\n")
        sandbox.serve_forever()
    return 0


def _catalog(options: Namespace) -> Catalog:
    from billql.sqlite.options import ConnectOptions

    connect_options = ConnectOptions(definitions=options.definitions)
    return connect_options.catalog(connect_options.load_config())


def _providers(options: Namespace, catalog: Catalog) -> list[str]:
    """Return the providers to serve: those of the options, or all that can be served."""
    if not options.providers:
        return [name for name in catalog.providers() if not is_stackql(catalog.folder(name))]
    for name in options.providers:
        catalog.folder(name)  # raises UnknownName
    return [name.lower() for name in options.providers]


def _sandbox(options: Namespace, catalog: Catalog) -> Sandbox:
    sandbox: Sandbox | None = None
    try:
        sandbox = Sandbox(
            seed=options.seed,
            size=_size(options.size),
            latency=options.latency,
            port=options.port,
            until=_day(options.until),
            limits=Limits() if options.limits else None,
            untidy=options.untidy,
            restate=options.restate,
            catalog=catalog,
            providers=_providers(options, catalog),
        )
        dict(sandbox.urls)  # starts all servers, which may find a port taken
        return sandbox
    except OSError as error:
        if sandbox is not None:
            sandbox.close()
        raise InterfaceError(
            f"Port {options.port} cannot be used: {error.strerror}",
            hint="Choose another --port, or omit it to use any free port.",
        ) from error
    except OverflowError:
        raise InterfaceError(f"There is no port {options.port}") from None


def _size(text: str) -> Any:
    if text in SCALES:
        return text
    if text.isdecimal() and 1 <= int(text) <= MOST:
        return int(text)
    raise InterfaceError(
        f"{text!r} is not a size", hint=f"Use {', '.join(SCALES)}, or a number from 1 to {MOST}."
    )


def _day(text: str | None) -> date | None:
    from datetime import date

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InterfaceError(f"{text!r} is not a date", hint="Write it as YYYY-MM-DD.") from None


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt
