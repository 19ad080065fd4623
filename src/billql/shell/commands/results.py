"""Dot commands about results: their format, their destination, time and statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billql.errors import InterfaceError
from billql.output import CsvStyle, parse_separator
from billql.shell.commands.command import Command, parse_switch
from billql.shell.printer import AUTO, MODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.output.chart.figure import ChartKind
    from billql.shell.shell import Shell


def _mode(shell: Shell, arguments: Sequence[str]) -> None:
    if len(arguments) > 1 and arguments[-2].lower() == "thousands":
        shell.printer.set_thousands(parse_switch(arguments[-1]))
        arguments = arguments[:-2]
        if not arguments:
            return
    if not arguments:
        shell.printer.write(f"{_shown(shell.printer.mode, shell.printer.csv)}\n")
        return
    name, *options = arguments
    found = [mode for mode in MODES if mode.startswith(name.lower())]
    exact = [mode for mode in found if mode == name.lower()] or found
    if len(exact) != 1:
        raise InterfaceError(f"There is no mode {name}", hint=f"Use one of {', '.join(MODES)}.")
    if options and exact[0] != "csv":
        raise InterfaceError(
            f"The mode {exact[0]} has no options", hint="Those of csv are shown by .help mode."
        )
    shell.printer.set_mode(exact[0], _csv_style(options))


def _csv_style(options: Sequence[str]) -> CsvStyle:
    """Return how CSV is written by the options of .mode csv; raise InterfaceError."""
    style, rest = CsvStyle(), iter(options)
    for option in rest:
        if option == "--separator":
            style = style._replace(separator=parse_separator(next(rest, "")))
        elif option in _SWITCHES:
            style = style._replace(**_SWITCHES[option])
        else:
            raise InterfaceError(
                f".mode csv has no option {option}",
                hint=f"Use --separator CHAR, {', '.join(_SWITCHES)}.",
            )
    return style


_SWITCHES: dict[str, dict[str, Any]] = {
    "--no-header": {"header": False},
    "--bom": {"bom": True},
    "--safe": {"safe": True},
}
"""The options of .mode csv without a value, and what each sets."""


def _shown(mode: str, style: CsvStyle) -> str:
    """Return the mode with its options."""
    separator = {",": [], "\t": ["--separator tab"]}.get(
        style.separator, [f"--separator '{style.separator}'"]
    )
    switches = [name for name, sets in _SWITCHES.items() if style._replace(**sets) == style]
    return " ".join([mode, *separator, *switches])


def _chart(shell: Shell, arguments: Sequence[str]) -> None:
    first, _, rest = (arguments[0] if arguments else "").partition(" ")
    kind = _KINDS.get(first.lower())
    sql = rest.strip() if kind else "".join(arguments)
    if not sql:
        raise InterfaceError("There is no SELECT to draw", hint="Usage: .chart [KIND] SELECT …")
    shell.chart(sql, kind)


_KINDS: dict[str, ChartKind] = {"bars": "bars", "stacked": "stacked", "line": "line"}
"""The kinds of charts by their names."""


def _output(shell: Shell, arguments: Sequence[str]) -> None:
    shell.printer.output(None if not arguments or arguments[0] == "stdout" else arguments[0])


def _once(shell: Shell, arguments: Sequence[str]) -> None:
    shell.printer.once(arguments[0])


def _pager(shell: Shell, arguments: Sequence[str]) -> None:
    shell.printer.pages = parse_switch(arguments[0])


def _timer(shell: Shell, arguments: Sequence[str]) -> None:
    shell.timer = parse_switch(arguments[0])


def _stats(shell: Shell, arguments: Sequence[str]) -> None:
    if arguments:
        shell.stats = parse_switch(arguments[0])
    else:
        shell.show_stats()


COMMANDS = (
    Command(
        "chart",
        "[bars|stacked|line] SQL",
        "Draw the rows of a statement",
        _chart,
        whole=True,
        kinds=("bars|stacked|line",),
        more=(
            "The first column has the labels, the others have numbers; or, of three columns, the\n"
            "second names the series. After .once FILE.svg, .png or .html it is a file."
        ),
    ),
    Command(
        "mode",
        "[FORMAT]",
        "Set or show the format of results",
        _mode,
        most=8,
        kinds=("format",),
        more=(
            f"One of {', '.join(MODES)}.\n"
            f"{AUTO} is a table on a terminal, vertical if it does not fit; CSV in a pipe;\n"
            "and in a file the format of its extension. Without FORMAT the mode is shown.\n"
            ".mode csv takes --separator CHAR, --no-header, --bom and --safe, as billql query does."
            "\nthousands sets whether amounts have separators, in the formats for people."
        ),
    ),
    Command(
        "once",
        "FILE",
        "Write the next result to a file, replaced only on success",
        _once,
        least=1,
        most=1,
        kinds=("file",),
    ),
    Command(
        "output",
        "[FILE]",
        "Write all results to a file; without FILE, to the terminal again",
        _output,
        most=1,
        kinds=("file",),
    ),
    Command(
        "pager",
        "on|off",
        "Show long results in $PAGER",
        _pager,
        least=1,
        most=1,
        kinds=("on|off",),
    ),
    Command(
        "stats",
        "[on|off]",
        "Show the requests of the last statement, or of each one that follows",
        _stats,
        most=1,
        kinds=("on|off",),
    ),
    Command(
        "timer",
        "on|off",
        "Show the time of each statement",
        _timer,
        least=1,
        most=1,
        kinds=("on|off",),
    ),
)
