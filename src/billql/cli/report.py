"""What becomes of a command: its exit code, and on stderr what went wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from billql.errors import Error, Exit, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(action: Callable[[], int], *, debug: bool) -> int:
    """Do something and give its exit code; whatever goes wrong is told, and has one too.

    That is so too if stdout does not take what is left of the answer.
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
    except Error as error:
        from billql.output import problems

        problems.show(problems.told(error), sys.stderr)
        return error.exit
    except OSError as error:
        from billql.output import problems

        problems.show_refused(error, sys.stderr, debug=debug)
        return Exit.USAGE
    except Exception as error:
        from billql.output import problems

        problems.show_fault(error, sys.stderr, debug=debug)
        return Exit.INTERNAL


def warn(message: str) -> None:
    """Tell of something that is no error."""
    from billql.output import problems

    problems.show(problems.warning(message), sys.stderr)


def note(line: str) -> None:
    """Tell what is under way, for who asked with --verbose."""
    from billql.output import stderr
    from billql.output.cells import visible

    stderr.write(f"{visible(line)}\n")
