"""Definitions can be read by several threads at once, even when nobody has read one before."""

from __future__ import annotations

import subprocess
import sys

FIRST_READERS = """
import sys, threading
from billql.definitions.shared import built_in_root
from billql.definitions.yaml_file import read_provider

sys.setswitchinterval(1e-6)  # so that threads are in each other's way
path = built_in_root() / "digitalocean" / "provider.yaml"
start = threading.Barrier(8)

def read():
    start.wait()
    read_provider(path)

threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_the_first_readers_may_come_at_once() -> None:
    """What goes wrong crashes a process, in about half of the runs; each needs one of its own."""
    for _ in range(6):
        subprocess.run([sys.executable, "-c", FIRST_READERS], check=True, timeout=60)
