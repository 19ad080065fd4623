"""The destination of results: the terminal, through a pager if they are long, or a file."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from billql.config import paths
from billql.errors import InterfaceError, OutputError
from billql.output import (
    FORMATS,
    CsvStyle,
    ResultWriter,
    Style,
    error_report,
    file,
    find,
    makes_document,
    pager,
    results,
    screen,
    stdout,
    yes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from billql.output import AddResult, Columns, Rows
    from billql.output.chart.figure import ChartKind

AUTO = "auto"
"""The mode that depends on the destination: a file's extension, a table on a terminal, else CSV."""
MODES = (AUTO, *FORMATS)

_HELD = 256 * 1024
"""How many characters of a result are buffered if there is no pager."""


class Printer:
    """Prints results, one after the other, as the settings require.

    `clear` is called before anything is written to the terminal, and `thousands` where amounts are
    shown: whether they have separators of thousands, as long as nobody has set it.
    """

    def __init__(self, clear: Callable[[], None], thousands: Callable[[], bool] = yes) -> None:
        self._clear = clear
        self._thousands = thousands
        self.mode = AUTO
        self.csv = CsvStyle()
        """How CSV is written."""
        self.pages = True
        """Whether long results go through a pager."""
        self._warned = False
        self._once: str | None = None
        self._output: _OutputFile | None = None
        self._results: ResultWriter | None = None

    def set_mode(self, mode: str, csv: CsvStyle | None = None) -> None:
        """Set the mode of the results that follow, one of `MODES`, and how CSV is written."""
        self.mode, self.csv, self._results = mode, csv or CsvStyle(), None

    def set_thousands(self, wanted: bool) -> None:
        """Set whether the amounts that follow have separators of thousands."""
        self._thousands = lambda: wanted

    def once(self, path: str) -> None:
        """Write the next result to a file, which is replaced only on success."""
        self._once = path

    def output(self, path: str | None) -> None:
        """Write the results that follow to a file, or to stdout if None; raise OutputError."""
        self.close()
        if path is not None:
            self._output = _OutputFile(path)

    def close(self) -> None:
        """Close the output file, if one is open."""
        output, self._output, self._results = self._output, None, None
        if output is not None:
            output.close()

    def begin(self) -> None:
        """Start a new sequence of results on the terminal."""
        if self._output is None:
            self._results = None

    def print(self, columns: Columns, rows: Rows, title: str | None) -> None:
        """Print a result; raise OutputError, and the errors of reading the rows."""
        once, self._once = self._once, None
        if once is not None:
            path = _expanded(once)
            name, style = self._format(path), self._style()
            with file.open_results(path, name, style, several=False) as add_result:
                add_result(columns, rows, title)
        elif self._output is not None:
            self._output.begin(self._format(self._output.path), self._style())
            self._output.add(columns, rows, title)
        else:
            self._show(columns, rows)

    def chart(self, columns: Columns, rows: Rows, kind: ChartKind | None) -> None:
        """Draw a result; raise OutputError, and the errors of drawing and of reading the rows.

        After `.once` with a file, it is a picture or a page.
        """
        from billql.output.chart import figure as figures
        from billql.output.chart import file as chart_file
        from billql.output.chart import terminal_renderer

        def make() -> figures.Figure:
            return figures.read(columns, rows, title=None, kind=kind, thousands=self._has_thousands)

        once, self._once = self._once, None
        if once is not None:
            chart_file.write(_expanded(once), make)
            return
        render = terminal_renderer()
        figure = make()
        style = Style(
            screen.width(sys.stdout), self._output is None and screen.has_color(sys.stdout)
        )
        empty = "There are no values to draw.\n"
        self.write(empty if figures.is_empty(figure) else render(figure, style))

    def write(self, text: str) -> None:
        """Write text to the destination of results, through a pager if it is long.

        A file that is one document holds results alone: the text is shown instead.
        """
        if self._output is not None and not self._output.is_document:
            self._output.write(text)
            return
        with self._window() as window:
            window.write(text)

    def _show(self, columns: Columns, rows: Rows) -> None:
        name = self._format(None)
        if find(name).binary:
            raise InterfaceError(
                f"The format {name} cannot be shown on a terminal",
                hint="Write it to a file: .once FILE",
            )
        vertical = None if self.mode == AUTO else False
        style = self._style()._replace(
            width=screen.width(sys.stdout),
            color=screen.has_color(sys.stdout),
            vertical=vertical,
            csv=self.csv._replace(bom=False),
        )
        self._results = self._results or ResultWriter(name, style)
        with self._window() as window:
            self._results.write(columns, rows, window)

    def _style(self) -> Style:
        return Style(csv=self.csv, thousands=self._has_thousands)

    def _has_thousands(self) -> bool:
        return self._thousands()

    def _format(self, path: str | None) -> str:
        if self.mode != AUTO:
            return self.mode
        if path is not None:
            return file.format_of(path)
        return "table" if sys.stdout.isatty() else "csv"

    def _window(self) -> _Window:
        # If stdout is no terminal, the progress need not be erased for it.
        command, problem = self._pager()
        window = _Window(command, self._clear if sys.stdout.isatty() else lambda: None)
        if problem and not self._warned:
            self._warned = True
            window.problem = problem
        return window

    def _pager(self) -> tuple[list[str], str | None]:
        """Return the command of the pager, and the problem with it.

        The command is empty if there is no pager or no terminal. A pager that cannot be run is a
        warning, so that the result is not lost.
        """
        if not self.pages or not sys.stdout.isatty():
            return [], None
        try:
            return pager.command(os.environ), None
        except InterfaceError as error:
            return [], error.message


class _OutputFile:
    """The file of .output, to which one result after the other is written."""

    def __init__(self, path: str) -> None:
        self.path = _expanded(path)
        self._name: str | None = None
        self._chosen: tuple[str, Style] | None = None
        self._results = contextlib.ExitStack()
        self._add: AddResult | None = None
        with self._errors_reported():
            self._file = Path(self.path).open("wb")  # noqa: SIM115 - it outlives the block

    @property
    def is_document(self) -> bool:
        """Whether its results make one document, which is written when it is closed."""
        return self._name is not None and makes_document(self._name, several=True)

    def begin(self, name: str, style: Style) -> None:
        """Choose the format of the results that follow; raise InterfaceError for two in a document.

        Formats that are streams may follow one another.
        """
        if (name, style) == self._chosen:
            return
        chosen = name, style
        document = self.is_document or makes_document(name, several=True)
        if self._name not in (None, name) and document:
            raise InterfaceError(
                f"{self.path} has results as {self._name}, and cannot take others as {name}",
                hint="Begin another file with .output FILE, or set the mode back with .mode.",
            )
        if self._name is not None:  # the mark is for the beginning of a file
            style = style._replace(csv=style.csv._replace(bom=False))
        self._add = self._results.enter_context(results(name, self, style, several=True))
        self._name, self._chosen = name, chosen

    def add(self, columns: Columns, rows: Rows, title: str | None) -> None:
        """Add a result in the chosen format."""
        assert self._add is not None, "a format was chosen"
        self._add(columns, rows, title)
        self.flush()

    def write(self, piece: str | bytes) -> None:
        with self._errors_reported():
            self._file.write(piece.encode() if isinstance(piece, str) else piece)

    def flush(self) -> None:
        with self._errors_reported():
            self._file.flush()

    def close(self) -> None:
        with self._errors_reported(), self._file:
            self._results.close()

    @contextlib.contextmanager
    def _errors_reported(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{self.path} cannot be written: {error.strerror or error}"
            ) from error


def _expanded(path: str) -> str:
    return str(paths.expanded(path))


class _Window:
    """stdout for one result.

    Nothing is written before the result is complete or too long for the window; the rest is written
    as it arrives, through the pager if there is one. A problem with the pager is reported below the
    result.
    """

    def __init__(self, pager: list[str], clear: Callable[[], None]) -> None:
        self._pager = pager
        self.problem: str | None = None
        """The problem with the pager, if there is one."""
        self._clear = clear
        self._pieces: list[str] | None = []
        self._size = 0
        self._lines = 0
        self._height = screen.height(sys.stdout)
        self._process: subprocess.Popen[str] | None = None

    def write(self, text: str) -> None:
        """Write text."""
        if self._pieces is None:
            self._put([text])
            return
        self._pieces.append(text)
        self._size += len(text)
        self._lines += text.count("\n")
        if self._pager and self._height is not None and self._lines >= self._height:
            self._start_pager()
        elif self._size > _HELD:
            self._release()

    def __enter__(self) -> Self:
        """Begin a result."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """Write a complete result; suppress BrokenPipeError of a pager that was closed early."""
        left = kind is not None and issubclass(kind, BrokenPipeError) and self._process is not None
        try:
            if kind is None:
                self._release()
                self._put([], flush=True)
        except BrokenPipeError:
            if self._process is None:
                raise
        finally:
            self._wait_for_pager()
            if self.problem is not None:
                error_report.warn(self.problem)
        return left

    def _release(self) -> None:
        pieces, self._pieces = self._pieces, None
        if pieces is not None:
            self._clear()
            self._put(pieces)

    def _put(self, pieces: list[str], *, flush: bool = False) -> None:
        if self._process is None or self._process.stdin is None:
            stdout.write(pieces, flush=flush)
        else:
            self._process.stdin.writelines(pieces)

    def _start_pager(self) -> None:
        self._clear()
        try:
            self._process = subprocess.Popen(
                self._pager, stdin=subprocess.PIPE, text=True, encoding="utf-8"
            )
        except OSError as error:
            self.problem = f"The pager {self._pager[0]} cannot be run: {error.strerror}"
        self._release()

    def _wait_for_pager(self) -> None:
        """Wait until the pager ends; Ctrl-C is for the pager meanwhile."""
        if self._process is None or self._process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        while True:
            try:
                code = self._process.wait()
                break
            except KeyboardInterrupt:
                continue
        if code:
            how = f"with code {code}" if code > 0 else f"by signal {-code}"
            self.problem = f"The pager {self._pager[0]} ended {how}; the result may be incomplete"
