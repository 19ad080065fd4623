"""Install Spark for the tests, where Java is: `make test` and `make spark` begin with it.

pyspark is 450 MB, which nobody needs who cannot run it. Java is not installed here. What is missing
is named, and the tests of Spark are skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from support.paths import ROOT

LEAST_JAVA = 17
"""The oldest Java that Spark 4 runs on."""

_SECONDS = 60


def find_java(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the path of the Java that Spark would run: that of JAVA_HOME, or on the PATH."""
    home = environ.get("JAVA_HOME")
    if home:
        return shutil.which(str(Path(home, "bin", "java")))
    return shutil.which("java", path=environ.get("PATH"))


def java_version(path: str) -> int | None:
    """Return the major version of a Java; None if it does not tell it, as Java 8 does not."""
    command = [path, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    found = re.match(r"\S+ ([0-9]+)", done.stdout)
    return int(found[1]) if done.returncode == 0 and found else None


def why_no_java(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return why no Spark can run here; None if it can."""
    path = find_java(environ)
    if path is None:
        return f"THERE IS NO JAVA, and Spark needs Java {LEAST_JAVA} or newer"
    version = java_version(path)
    if version is None or version < LEAST_JAVA:
        return (
            f"JAVA IS TOO OLD: {path} is {version or 'older than 9'}, and Spark needs {LEAST_JAVA}"
        )
    return None


def why_no_spark() -> str | None:
    """Return why the tests of Spark cannot run here; None if they can."""
    if find_spec("pyspark") is None:
        return why_no_java() or "SPARK IS NOT INSTALLED, although Java is here: run `make test`"
    return why_no_java()


def install_spark() -> str | None:
    """Install what requirements/spark.txt locks, if Java is here; return why not, or None."""
    if (reason := why_no_java()) is not None:
        return reason
    if find_spec("pyspark") is None:
        print("Java is here: installing Spark, 450 MB …", flush=True)
    lock = str(ROOT / "requirements" / "spark.txt")
    run_uv = [sys.executable, str(ROOT / "requirements" / "run_uv.py"), "install"]
    done = subprocess.run(
        [*run_uv, "--no-build-isolation", "--require-hashes", "-r", lock], check=False
    )
    return "SPARK CANNOT BE INSTALLED, see above" if done.returncode else None


if __name__ == "__main__":
    if (why := install_spark()) is not None:
        print(f"{why}: THE TESTS OF SPARK ARE SKIPPED.")
