"""The reason that there is no response, in the words of the error that led to it."""

from __future__ import annotations

import itertools
import socket

import pytest

from billql.http.reply import reason_of


def chain(*errors: BaseException) -> BaseException:
    """Return the first error, each led to by the next."""
    for error, cause in itertools.pairwise(errors):
        error.__cause__ = cause
    return errors[0]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("illegal status line"), "illegal status line"),
        (ValueError(""), ""),
        (OSError(111, "Connection refused"), "Connection refused"),
        (OSError("closed"), "closed"),
        (
            chain(
                RuntimeError("[Errno -2] Unknown host"),
                ValueError("[Errno -2] Unknown host"),
                socket.gaierror(-2, "Unknown host"),
            ),
            "Unknown host",
        ),
        (chain(RuntimeError("read failed"), ValueError("no number")), "read failed"),
        (chain(RuntimeError("timed out"), TimeoutError("timed out")), "timed out"),
    ],
)
def test_the_reason_of_an_error(error: BaseException, reason: str) -> None:
    assert reason_of(error) == reason
