"""Files that are written whole or not at all, when a process is killed or forbidden something."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from billql.util import atomic_file
from support.ordinary import ordinary

OLD, NEW = b"old\n", b"new\n" * 100_000


def write(path: Path | str, data: bytes = NEW) -> None:
    with atomic_file.atomic_write(str(path)) as file:
        file.write(data)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


WRITING = """
import sys
from billql.util import atomic_file
try:
    with atomic_file.atomic_write(sys.argv[1]) as file:
        file.write(b"new")
except PermissionError:
    sys.exit(77)
"""


@pytest.mark.parametrize("protected", ["a.csv", "."])
def test_what_is_protected_stays(tmp_path: Path, protected: str) -> None:
    (tmp_path / "a.csv").write_bytes(OLD)
    mode = stat.S_IMODE((tmp_path / protected).stat().st_mode)
    (tmp_path / protected).chmod(mode & 0o555)
    command = ordinary(sys.executable, "-c", WRITING, str(tmp_path / "a.csv"))
    assert subprocess.run(command).returncode == 77
    (tmp_path / protected).chmod(mode)
    assert names(tmp_path) == ["a.csv"]
    assert (tmp_path / "a.csv").read_bytes() == OLD


KILLED = """
import sys
from billql.util import atomic_file
with atomic_file.atomic_write(sys.argv[1]) as file:
    file.write(b"new" * 100_000)
    file.flush()
    print("begun", flush=True)
    sys.stdin.read()
"""


def test_a_process_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(OLD)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGKILL)
    assert path.read_bytes() == OLD
    write(path)
    assert path.read_bytes() == NEW
    assert names(tmp_path) == ["a.csv"], "what it left is swept away"
