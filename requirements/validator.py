"""Make the environment of focus-validator, which has a Python and packages of its own.

It wants numpy 1, of which 3.12 is the last Python with wheels. What builds its source is locked
too.
Usage: python requirements/validator.py FOLDER
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from compatibility import find
from run_uv import run_uv

VERSION = "3.12"
LOCK = str(Path(__file__).with_name("focus.txt"))


def main(folder: Path) -> int:
    """Make the environment; return 1 if its Python is not there, or else the code of uv."""
    if (interpreter := find(VERSION)) is None:
        print(f"focus-validator needs Python {VERSION}, which is neither on the PATH nor in pyenv.")
        return 1
    subprocess.run([interpreter, "-m", "venv", "--clear", "--without-pip", folder], check=True)
    locked = ["--require-hashes", f"--build-constraints={LOCK}", f"--requirements={LOCK}"]
    return run_uv("install", *locked, python=str(folder / "bin" / "python"))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
