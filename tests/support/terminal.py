"""A person at a terminal: types, presses keys, and reads what the screen shows."""

from __future__ import annotations

import signal
import sys
import termios
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

SECONDS = 30
"""After that long, what should have appeared on the screen is given up."""

TAB, ENTER, CTRL_C, CTRL_D, UP = "\t", "\r", "\x03", "\x04", "\x1b[A"


class _Screen(pyte.Screen):
    """A screen that reports the position of its cursor on request, as terminals do."""

    def __init__(self, columns: int, lines: int, answer: Callable[[str], None]) -> None:
        super().__init__(columns, lines)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data)


class Terminal:
    """A billql process on a pseudo-terminal, and the screen as a terminal would draw it."""

    def __init__(
        self,
        *arguments: str,
        environ: dict[str, str],
        columns: int = 100,
        lines: int = 30,
        folder: Path | None = None,
    ) -> None:
        self._screen = _Screen(columns, lines, self.press)
        self._stream = pyte.Stream(self._screen)
        with warnings.catch_warnings():
            # Python 3.12 warns of a fork beside threads; the child runs another program at once.
            warnings.filterwarnings("ignore", ".*multi-threaded.*", DeprecationWarning)
            self._process = pexpect.spawn(
                sys.executable,
                ["-m", "billql", *arguments],
                env=environ,
                cwd=None if folder is None else str(folder),
                dimensions=(lines, columns),
                encoding="utf-8",
            )
        # pexpect waits before each key for programs that turn their echo off late, and after it
        # has closed the terminal for those that end late; `takes_keys` and `__exit__` see to both.
        self._process.delaybeforesend = None
        self._process.ptyproc.delayafterclose = 0  # type: ignore[attr-defined]  # not in the stubs

    @property
    def lines(self) -> list[str]:
        """What the screen shows, without the spaces at the ends of lines."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """What the screen shows, down to the last line that has something."""
        return "\n".join(self.lines).rstrip()

    @property
    def row(self) -> int:
        """The number of the line that the cursor is in, from 0."""
        return self._screen.cursor.y

    @property
    def line(self) -> str:
        """The line that the cursor is in."""
        return self.lines[self.row]

    @property
    def takes_keys(self) -> bool:
        """Whether billql is given each key as it is pressed, and not a line after Enter."""
        return not termios.tcgetattr(self._process.child_fd)[3] & termios.ICANON

    def press(self, keys: str) -> None:
        """Press one key after the other."""
        self._process.send(keys)

    def enter(self, text: str) -> None:
        """Type a line, press Enter, and see that the line is taken."""
        self.press(text)
        self.until(lambda: self.line.endswith(text.rstrip()), repr(text))
        self.press(ENTER)
        self.until(lambda: not self.line.endswith(text.rstrip()), "another line")

    def until(self, seen: Callable[[], bool], what: str = "") -> None:
        """Read until the screen shows something; fails with what it shows instead."""
        end = time.monotonic() + SECONDS
        while not seen():
            assert time.monotonic() < end, f"the screen never showed {what}:\n{self.text}"
            try:
                self._stream.feed(self._process.read_nonblocking(4096, timeout=0.1))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert seen(), f"billql ended before the screen showed {what}:\n{self.text}"

    def reads(self, *texts: str) -> None:
        """Wait until the screen shows some texts."""
        self.until(lambda: all(text in self.text for text in texts), repr(texts))

    def prompts(self, prompt: str = "billql>") -> None:
        """Wait for an empty prompt."""
        self.until(lambda: self.line == prompt and self.takes_keys, f"an empty {prompt}")

    def resize(self, columns: int, lines: int = 30) -> None:
        """Make the window another size."""
        self._screen.resize(lines, columns)
        self._process.setwinsize(lines, columns)

    def ends(self) -> int:
        """Wait until the process has ended, and give its exit code."""
        try:
            while True:
                self._stream.feed(self._process.read_nonblocking(4096, timeout=SECONDS))
        except pexpect.EOF:
            self._process.wait()
        ended_by = self._process.signalstatus
        assert self._process.exitstatus is not None, f"it did not end by itself, but by {ended_by}"
        return self._process.exitstatus

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # `close` alone gives a killed process a tenth of a second to be gone.
        if self._process.isalive():
            self._process.kill(signal.SIGKILL)
            self._process.wait()
        self._process.close()
