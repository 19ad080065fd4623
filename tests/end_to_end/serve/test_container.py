"""What the Containerfile runs: its command and its health check, without an engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import billql
from billql.cli import parser
from billql.serve.address import Address
from support.paths import ROOT
from support.serving import serving

TEXT = (ROOT / "Containerfile").read_text()


def words(instruction: str) -> list[str]:
    """Return the words of an instruction that has them as JSON."""
    found = re.search(rf"^{instruction} (\[.*\])$", TEXT, re.MULTILINE)
    assert found is not None
    return list(json.loads(found[1]))


def test_its_command_is_one_of_billql() -> None:
    program, *arguments = words("ENTRYPOINT") + words("CMD")
    options = parser.parse(arguments)
    assert (program, options.command, options.behind_proxy) == ("billql", "serve", True)
    address = Address.parse(options.http)
    assert re.search(rf"^EXPOSE {address.port}$", TEXT, re.MULTILINE)


def test_its_health_check_knows_a_server_from_none() -> None:
    python, *arguments = words("HEALTHCHECK CMD")
    assert python == "python"
    with billql.connect(read_only=True) as base, serving(base.another) as served:
        here = [one.replace(":8080", f":{served.port}") for one in arguments]
        assert subprocess.run([sys.executable, *here], timeout=30).returncode == 0
    done = subprocess.run([sys.executable, *here], capture_output=True, timeout=30)
    assert done.returncode == 1


def test_its_constraints_are_the_locks() -> None:
    pattern = re.search(r"sed -En '(s/.*/p)' requirements/dev.txt", TEXT)
    assert pattern is not None
    done = subprocess.run(
        ["sed", "-En", pattern[1], ROOT / "requirements" / "dev.txt"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert any(line.startswith("starlette==") for line in lines)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+", line) for line in lines)
