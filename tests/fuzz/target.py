"""One property under atheris: `python -m fuzz.target NAME [OPTION of libFuzzer …] [FILE …]`."""

from __future__ import annotations

import sys
from typing import Any

import atheris


def main() -> None:
    """Run until libFuzzer's options end it, or something does not hold."""
    name = sys.argv[1]
    with atheris.instrument_imports(include=["billql"]):
        from . import everything

        found = everything()[name]
    atheris.Setup([name, *sys.argv[2:]], found.test(_tell).hypothesis.fuzz_one_input)
    atheris.Fuzz()


def _tell(example: Any) -> None:
    print(f"It does not hold for {example!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
