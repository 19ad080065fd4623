"""`billql provider`: creates, checks and tries definitions."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from billql.cli.options import add_below, count
from billql.errors import Exit, InterfaceError
from billql.output import stderr, stdout

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Mapping

    from billql.authoring.recording import Player, Recorder
    from billql.definitions.catalog import Catalog
    from billql.http.credentials import ApiConnection
    from billql.sandbox import Sandbox
    from billql.sqlite.shared import Options


def add_options(command: ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = command.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, summary: str, run: Callable[[Namespace], int]) -> ArgumentParser:
        made = add_below(actions, name, summary, command)
        made.set_defaults(act=run)
        return made

    new = action("new", "create the definition of a new provider, to be completed", _new)
    new.add_argument("name", metavar="NAME", help="the provider's name in SQL")
    _add_folder(new)

    check = action("check", "check definitions for mistakes, without network access", _check)
    check.add_argument("folders", metavar="FOLDER", nargs="+", help="the folder of a provider")
    check.add_argument("--strict", action="store_true", help="treat warnings as errors")

    trial = action("try", "run the examples of a definition", _try)
    trial.add_argument("folder", metavar="FOLDER", help="the folder of a provider")
    trial.add_argument(
        "resource", metavar="RESOURCE", nargs="?", help="only this resource (default: all)"
    )
    where = trial.add_mutually_exclusive_group()
    where.add_argument("--against", metavar="URL", help="use this base URL instead of the API's")
    where.add_argument(
        "--sandbox", action="store_true", help="use a private sandbox, made from the definition"
    )
    where.add_argument("--replay", metavar="FILE", help="take the responses from a recording")
    trial.add_argument(
        "--rows",
        metavar="N",
        type=count,
        default=3,
        help="print the first N rows of each example (default: 3)",
    )
    trial.add_argument("--record", metavar="FILE", help="record the responses to a file")

    openapi = action("import-openapi", "create a definition from an OpenAPI document", _import)
    openapi.add_argument("spec", metavar="SPEC", help="an OpenAPI 3 document, JSON or YAML")
    openapi.add_argument(
        "--select",
        metavar="TAG|PATH",
        action="append",
        default=[],
        help="the operations to import: a tag, a path, a path that ends in /* (all paths below "
        "it), or 'POST /path'; can be repeated",
    )
    openapi.add_argument("--name", metavar="NAME", help="the provider's name (default: the title)")
    _add_folder(openapi)


def _add_folder(action: ArgumentParser) -> None:
    action.add_argument(
        "--folder",
        metavar="DIR",
        default=".",
        help="where to create the provider's folder (default: here)",
    )


def run(options: Namespace) -> int:
    """Run the action."""
    return int(options.act(options))


def _new(options: Namespace) -> int:
    from billql.authoring import scaffold

    folder = Path(options.folder) / options.name
    scaffold.write(folder, scaffold.files(options.name))
    _print_next_steps(folder, "Describe the API: its base URL, columns and methods.")
    return Exit.OK


def _print_next_steps(folder: Path, edit: str) -> None:
    stderr.line(f"Next, in {folder}:")
    stderr.line(f"  {edit}")
    stderr.line(f"  billql provider check {folder}")
    stderr.line(f"  billql provider try {folder}")
    stderr.line(f'  billql query --definitions {folder.parent} "SELECT …"')


def _check(options: Namespace) -> int:
    from billql.authoring.check import check
    from billql.util.text import counted

    counts = {"error": 0, "warning": 0}
    for folder in options.folders:
        for finding in check(Path(folder)):
            counts[finding.severity] += 1
            stdout.line(str(finding))
    sys.stdout.flush()
    stderr.line(f"{counted(counts['error'], 'error')}, {counted(counts['warning'], 'warning')}")
    failed = counts["error"] or (options.strict and counts["warning"])
    return Exit.DEFINITION if failed else Exit.OK


def _import(options: Namespace) -> int:
    from billql.authoring import scaffold
    from billql.authoring.check import check
    from billql.authoring.openapi import operations, provider
    from billql.authoring.openapi.importing import imported
    from billql.authoring.openapi.reading import read
    from billql.util.text import counted

    document = read(Path(options.spec))
    if not options.select:
        raise InterfaceError(
            "No operations are selected",
            hint="Add --select for each of: "
            + (", ".join(operations.tags(document)) or "its paths, such as '/v1/*'")
            + ".",
        )
    name = scaffold.checked(options.name or provider.named(document))
    made = imported(document, options.select, name)
    folder = Path(options.folder) / name
    scaffold.write(folder, made.files)
    for note in made.notes:
        stderr.line(note)
    findings = list(check(folder))
    for finding in findings:
        stderr.line(str(finding))
    stderr.line(f"{counted(made.resources, 'resource')} with {counted(made.methods, 'method')}")
    _print_next_steps(
        folder, "Review what was guessed: paging, parameters, descriptions, currencies."
    )
    return Exit.DEFINITION if any(one.severity == "error" for one in findings) else Exit.OK


# Trials ------------------------------------------------------------------------------------------


def _try(options: Namespace) -> int:
    from billql.authoring import trial
    from billql.authoring.recording import Player, Recorder
    from billql.config.settings import Settings
    from billql.definitions.catalog import Catalog
    from billql.definitions.shared import built_in_root
    from billql.http.exchange import NetworkBackend
    from billql.output import ResultWriter, Style, screen
    from billql.sandbox import Sandbox
    from billql.sqlite.session import Session
    from billql.util.text import counted

    folder = Path(options.folder)
    name = folder.resolve().name
    catalog = Catalog([{name: folder}, built_in_root()])
    tables = trial.chosen(catalog, name, options.resource)
    worst = int(Exit.OK)
    style = Style(width=screen.width(sys.stdout))
    with ExitStack() as opened:
        recorder = None
        if options.replay:
            chosen = _replay_options(catalog, Player(Path(options.replay)))
        else:
            recorder = Recorder(NetworkBackend(Settings())) if options.record else None
            sandbox = None
            if options.sandbox:
                sandbox = opened.enter_context(Sandbox(untidy=True, catalog=catalog))
            chosen = _live_options(catalog, recorder, sandbox, {name: options.against})
        session = opened.enter_context(closing(Session(":memory:", lambda: chosen)))
        know = recorder.know if recorder else _ignore
        for outcome in trial.outcomes(session, tables, know, options.rows):
            stdout.line(str(outcome))
            if outcome.first:
                ResultWriter("table", style).write(outcome.columns, iter(outcome.first), sys.stdout)
            if outcome.error is not None:
                worst = max(worst, outcome.error.exit_code)
                if outcome.error.hint:
                    stderr.line(f"hint: {outcome.error.hint}")
    if recorder is not None:
        written = recorder.write(Path(options.record))
        stderr.line(
            f"Wrote {counted(written, 'response')} to {options.record}, which only you can read"
        )
    return worst


def _ignore(connection: ApiConnection) -> None:
    """Record nothing."""


def _replay_options(catalog: Catalog, player: Player) -> Options:
    """Return options that replay a recording; any token will do, because nothing is sent."""
    from billql.sqlite.shared import Options

    tokens = dict.fromkeys(player.origins, "recorded")
    return Options({}, tokens, player.origins, catalog, backend=player)


def _live_options(
    catalog: Catalog,
    recorder: Recorder | None,
    sandbox: Sandbox | None,
    against: Mapping[str, str | None],
) -> Options:
    """Return options that ask the sandbox, the URLs of --against, or the real API."""
    from msgspec.structs import replace

    from billql.sqlite.options import ConnectOptions
    from billql.sqlite.shared import Options

    if sandbox is not None:
        # Without the tokens of the user, nothing can be sent to a real API.
        return Options({}, sandbox.tokens, sandbox.urls, catalog, backend=recorder)
    urls = {name: url for name, url in against.items() if url is not None}
    if urls:
        return Options(os.environ, urls=urls, catalog=catalog, backend=recorder)
    connect_options = ConnectOptions()
    options = connect_options.engine_options(connect_options.load_config())
    return replace(options, catalog=catalog, backend=recorder, cache=None)
