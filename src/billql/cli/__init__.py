"""The command line: `billql`, and `python -m billql`.

stdout carries data only; messages go to stderr. This module imports nothing before `main` handles
Ctrl-C, so that a command never ends in a traceback.

parser    the commands, and the parsing of the command line
options   options that several commands share
guard     the exit code of a command, and its error messages
script    the SQL of a command: where it is read from, and how it is run
terminal  stdout: buffered results, readers that close the pipe
query, chart, shell, ...  one command each
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def entry_point() -> int:
    """Run the command of this process and return its exit code.

    What is left is freed with the process: Python, which looks for garbage in it twice more when it
    exits, would take an eighth of the time of a query of one request for that.
    """
    try:
        return main()
    finally:
        import gc

        gc.freeze()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; `arguments` default to those of the process."""
    try:
        from billql.cli import guard, parser, terminal

        terminal.prepare()
        options = parser.parse(arguments)
        return guard.run_guarded(lambda: parser.run(options), debug=options.debug)
    except KeyboardInterrupt:
        return 130
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0
        return guard.run_guarded(lambda: code, debug=False)  # flushes what is left in stdout
