"""What Spark shows of an error: a traceback, to which what the task reads is added here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from billql.errors import CredentialMissing, CredentialRefused, Error, ParameterMissing


@contextmanager
def explained(task: object = None) -> Iterator[None]:
    """Add to a billql error what its task reads, which a traceback then ends with."""
    try:
        yield
    except Error as error:
        if task is not None:
            error.add_note(f"The task reads {task}.")
            if isinstance(error, ParameterMissing):
                error.add_note(
                    """Spark: .option("keys", '{"column": ["value", …]}') names values."""
                )
            if isinstance(error, CredentialMissing | CredentialRefused):
                error.add_note(
                    "Tokens are looked up where the task runs: in the environment and the config "
                    "file of the executor, not of the driver."
                )
        raise
