"""Run the tests with the lowest and the newest versions that pyproject.toml allows, on each Python.

The lowest is, for each package that pyproject.toml names, the lowest version that has a wheel for
that Python. The last lines are a table of what passed; a Python that is not there is named.
Usage: python requirements/compatibility.py [ARGUMENT ...], which are those of pytest.
`PYTHONS` names some of the Pythons, `RESOLUTIONS` one of lowest and newest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from run_uv import run_uv

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}

SOURCES = ("dbapi-compliance", "localstripe", "pyspark")
"""The packages without a wheel."""

LOCKED = "tests/end_to_end/docs/test_build.py::test_what_is_committed_is_what_is_generated"
"""The test of the site that is committed, which is what the locked versions make."""

FOLDER = Path(sys.prefix) / "compatibility"


def candidates(version: str) -> Iterator[Path]:
    """Yield where a Python may be: on the PATH, or among those of pyenv."""
    for folder in os.get_exec_path():
        yield Path(folder) / f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for folder in sorted(pyenv.glob(f"versions/{version}*/bin")):
        yield folder / "python"


def find(version: str) -> Path | None:
    """Return a Python of a version that runs; a shim may name one that is not chosen."""
    asked = ["-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
    for path in candidates(version):
        if path.is_file():
            done = subprocess.run([path, *asked], capture_output=True, text=True)
            if done.stdout.strip() == version:
                return path
    return None


def prepare(interpreter: Path, version: str, name: str, extras: Sequence[str]) -> Path | None:
    """Make an environment; return its Python, or None where one of the steps failed."""
    folder = FOLDER / f"{version}-{name}"
    subprocess.run([interpreter, "-m", "venv", "--clear", "--without-pip", folder], check=True)
    python, versions = str(folder / "bin" / "python"), str(folder / "requirements.txt")
    wheels = ["--only-binary", ":all:", *(f"--no-binary={package}" for package in SOURCES)]
    resolution = f"--resolution={RESOLUTIONS[name]}"
    compiled = [
        "compile",
        *(f"--extra={extra}" for extra in extras),
        *wheels,
        resolution,
        f"--output-file={versions}",
    ]
    steps = (
        [*compiled, "pyproject.toml"],
        ["install", "-r", versions],
        ["install", "--no-deps", "--no-build-isolation", "--editable", "."],
    )
    return Path(python) if all(run_uv(*step, python=python) == 0 for step in steps) else None


def outcome(version: str, name: str, arguments: list[str]) -> str:
    """Run the tests in an environment of their own; return how they ended."""
    if (interpreter := find(version)) is None:
        return "not here"
    # Spark is large, and few can run it: it is there only if its tests are asked for.
    extras = ["dev", "spark"] if "tests/spark" in arguments else ["dev"]
    if (python := prepare(interpreter, version, name, extras)) is None:
        return "FAILED to install"
    subprocess.run([python, "tests/prepare.py"], check=True)
    pytest = [python, "-m", "pytest", "-n", "2", "--dist", "worksteal", f"--deselect={LOCKED}"]
    done = subprocess.run([*pytest, *arguments])
    return "passed" if done.returncode == 0 else "FAILED"


def main(arguments: list[str]) -> int:
    """Run every combination and print the table; return 1 if one failed."""
    pythons = os.environ.get("PYTHONS", " ".join(PYTHONS)).split()
    resolutions = os.environ.get("RESOLUTIONS", " ".join(RESOLUTIONS)).split()
    results = {
        (version, name): outcome(version, name, arguments)
        for version in pythons
        for name in resolutions
    }
    for (version, name), result in results.items():
        print(f"Python {version}, {name} versions: {result}")
    return int(any(result.startswith("FAILED") for result in results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
