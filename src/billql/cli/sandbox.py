"""`billql sandbox`: serves mock billing APIs until Ctrl-C or SIGTERM."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Any, NoReturn

from billql.cli.options import count, seconds
from billql.definitions.catalog import Catalog
from billql.errors import InterfaceError
from billql.output import stderr, stdout
from billql.sandbox import MOST, SCALES, Limits, Sandbox

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from datetime import date


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    add = command.add_argument
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
        "--untidy",
        action="store_true",
        help="send irregular forms of values, as real APIs sometimes do",
    )


def run(options: Namespace) -> int:
    """Serve until a signal arrives; print its addresses and tokens as `export` lines of a shell."""
    signal.signal(signal.SIGTERM, _stop)
    with contextlib.suppress(KeyboardInterrupt), _sandbox(options) as sandbox:
        catalog = Catalog()
        for name, url in sandbox.urls.items():
            known = name in catalog.providers()
            variable = catalog.provider(name).auth.secret if known else f"{name.upper()}_TOKEN"
            stdout.line(f"export BILLQL_{name.upper()}_URL={url}")
            stdout.line(f"export {variable}={sandbox.tokens[name]}")
        stderr.write("The sandbox is ready; press Ctrl-C to stop it.\n")
        sandbox.serve_forever()
    return 0


def _sandbox(options: Namespace) -> Sandbox:
    try:
        return Sandbox(
            seed=options.seed,
            size=_size(options.size),
            latency=options.latency,
            port=options.port,
            until=_day(options.until),
            limits=Limits() if options.limits else None,
            untidy=options.untidy,
        )
    except OSError as error:
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
