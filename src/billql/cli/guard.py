"""The exit code of a command, and its error messages on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from billql.errors import Error, Exit, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable


def run_guarded(action: Callable[[], int], *, debug: bool) -> int:
    """Run `action` and return its exit code; report an error and return the code of its kind.

    An error of the last flush of stdout is reported too.
    """
    from billql.output import stdout

    try:
        code = action()
        stdout.write([], flush=True)
        return code
    except (KeyboardInterrupt, Interrupted):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        stdout.abandon(sys.stdout)
        return Exit.BROKEN_PIPE
    except Exception as error:
        from billql.output import error_report

        error_report.report(error, sys.stderr, debug=debug)
        if isinstance(error, Error):
            return error.exit_code
        return Exit.USAGE if isinstance(error, OSError) else Exit.INTERNAL


def warn(message: str) -> None:
    """Show a warning on stderr."""
    from billql.output import error_report

    error_report.warn(message)
