"""The command line: `billql`, and `python -m billql`.

stdout carries data only; whatever else there is to say goes to stderr. This module imports nothing
before `main` watches for Ctrl-C, so that it never ends in a traceback.

parser    the commands, and how a command line is read
options   options that several commands have
report    what becomes of a command: its exit code, and what went wrong
terminal  stdout: answers that are held back, readers who leave early
query, sandbox, schema    a command each
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code; `arguments` are those of the process if not given."""
    try:
        from billql.cli import parser, report, terminal

        terminal.prepare()
        options = parser.parse(arguments)
        return report.guarded(lambda: parser.run(options), debug=options.debug)
    except KeyboardInterrupt:
        return 130
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0
        return report.guarded(lambda: code, debug=False)  # what has been said lies in stdout still
