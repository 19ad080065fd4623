"""Run the clients, print what they found, and end with 1 if anything is wrong."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .run import run


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="load")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(options.clients, options.seconds, Path(folder))
    print("\n".join(report.lines()))
    return 0 if report.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
