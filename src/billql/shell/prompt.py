"""The prompt: multi-line editing, history, highlighting, the menu of completions.

A thin layer over prompt_toolkit: `text` decides when the input is complete, `suggest` what can
follow.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import DynamicLexer, Lexer, PygmentsLexer, SimpleLexer
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.shortcuts import CompleteStyle
from pygments.lexers.sql import SqlLexer

from billql.output import screen
from billql.shell import commands
from billql.shell.known import NameLoader
from billql.shell.known_names import KnownNames
from billql.shell.printer import MODES
from billql.shell.suggest import suggest
from billql.shell.text import is_command, is_complete

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable
    from pathlib import Path

    from billql.dbapi.connection import Connection
    from billql.shell.shell import Shell

_LONGEST_MEANING = 100
"""How many characters of a description a menu shows."""


def interact(shell: Shell, catalog: Callable[[], Connection], history: Path | None) -> None:
    """Read and run statements and dot commands until Ctrl-D or `.quit`.

    `catalog` opens the connection from which names are completed; `history` is the file of the
    history, or None to keep it in memory.
    """
    known = NameLoader(catalog)
    known.start()
    try:
        _interact(shell, known, history)
    finally:
        known.stop()


def _interact(shell: Shell, known: NameLoader, history: Path | None) -> None:
    plain, highlighted = SimpleLexer(), PygmentsLexer(SqlLexer)

    def lexer() -> Lexer:
        return plain if is_command(session.default_buffer.text) else highlighted

    session: PromptSession[str] = PromptSession(
        history=_history(history),
        lexer=DynamicLexer(lexer),
        completer=_Completer(shell, known),
        complete_while_typing=False,
        complete_style=CompleteStyle.COLUMN,
        multiline=True,
        key_bindings=_keys(),
        prompt_continuation=lambda width, number, wrapped: "...> ".rjust(width),
        enable_history_search=True,
        color_depth=None if screen.has_color(sys.stdout) else ColorDepth.DEPTH_1_BIT,
    )
    print("Statements end with a semicolon. .help lists commands, Tab completes, Ctrl-D exits.")
    while not shell.ended:
        try:
            text = session.prompt("sandbox> " if shell.sandbox else "billql> ")
            shell.attempt(text)
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


class _Completer(Completer):
    """Adapts `suggest` to prompt_toolkit."""

    def __init__(self, shell: Shell, known: NameLoader) -> None:
        self._shell = shell
        self._names = known

    async def get_completions_async(
        self, document: Document, event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        # Typing goes on while the catalog is read; the connection stays in this thread.
        await asyncio.get_running_loop().run_in_executor(None, self._names.wait)
        for completion in self.get_completions(document, event):
            yield completion

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        place = document.cursor_position
        base = KnownNames(
            formats=MODES,
            commands={name: (one.summary, one.kinds) for name, one in commands.COMMANDS.items()},
        )
        known = self._names.known(self._shell.connection, base)
        for found in suggest(document.text, place, known):
            meaning = " ".join(found.meaning.split())
            if len(meaning) > _LONGEST_MEANING:
                meaning = f"{meaning[: _LONGEST_MEANING - 1]}…"
            yield Completion(found.text, found.start - place, display_meta=meaning)


class _History(FileHistory):
    """A history file with mode 0600; lines that start with a space are not stored."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        path.chmod(0o600)
        super().__init__(str(path))

    def append_string(self, string: str) -> None:
        if not string.startswith(" "):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):  # a full disk must not end the shell
            super().store_string(string)


def _history(path: Path | None) -> History:
    """Return the history, which is in memory only if the file cannot be written."""
    try:
        return InMemoryHistory() if path is None else _History(path)
    except OSError:
        return InMemoryHistory()


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif is_complete(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.newline(copy_margin=False)

    return keys
