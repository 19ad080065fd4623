"""Pulls or removes a version again and again, and dies each time one step later.

Prints which versions were there after each death; all of them were what was signed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from .making import World

_STEPS = {"open", "os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.listdir", "os.scandir"}


def main(what: str, root: Path) -> None:
    """Go on until it lives to the end."""
    world = World(root)
    data, registry = world.data, world.registry

    def begin() -> None:
        listed = {one.version: one.status for one in registry().versions("acme")}
        if what == "pull" and listed["1.1.0"] != "available":
            registry().remove("acme", "1.1.0")
        if what == "remove":
            registry().pull("acme", "1.1.0")

    def act() -> None:
        if what == "pull":
            registry().pull("acme", "1.1.0")
        else:
            registry().remove("acme", "1.1.0")

    left: list[list[str]] = []
    alive = False
    while not alive:
        begin()
        alive = _lives(act, len(left), str(data))
        assert not [one for one in registry().verify("acme") if one.problem]
        left.append([one.version for one in registry().verify("acme")])
    print(json.dumps(left))


def _lives(act: Callable[[], object], steps: int, within: str) -> bool:
    """Do something in a process that dies after so many steps; tell whether it came to its end."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    left = [steps]

    def step(event: str, arguments: tuple[object, ...]) -> None:
        if event not in _STEPS:
            return
        # What is below an open folder has a name that is relative to it, or a number.
        name = str(arguments[0])
        if name.startswith(within) or not name.startswith("/"):
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

    sys.addaudithook(step)
    act()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
