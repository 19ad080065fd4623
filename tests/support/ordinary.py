"""A process to which something is forbidden, whoever runs the tests."""

from __future__ import annotations

import os


def ordinary(*command: str) -> tuple[str, ...]:
    """Return a command that runs another without the privileges of root."""
    if os.geteuid() != 0:
        return command
    return ("setpriv", "--inh-caps=-all", "--bounding-set=-all", *command)
