"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from billql.util import atomic_file

OLD, NEW = b"old\n", b"new\n" * 100_000


def write(path: Path | str, data: bytes = NEW) -> None:
    with atomic_file.atomic_write(str(path)) as file:
        file.write(data)


def write_and_raise(path: Path, error: BaseException) -> None:
    with atomic_file.atomic_write(str(path)) as file:
        file.write(NEW)
        raise error


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == NEW
    assert names(tmp_path) == ["a.csv"]


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "a.csv")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o640


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o666])
def test_an_old_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(OLD)
    path.chmod(mode)
    write(path)
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_private_file_is_its_owners_alone(
    tmp_path: Path, mode: int | None, durable: bool
) -> None:
    path = tmp_path / "a.csv"
    if mode is not None:
        path.write_bytes(OLD)
        path.chmod(mode)
    atomic_file.replace(path, NEW, private=True, durable=durable)
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == ["a.csv"]


def test_nothing_is_seen_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(OLD)
    with atomic_file.atomic_write(str(path)) as file:
        file.write(NEW)
        assert path.read_bytes() == OLD
        (hidden,) = set(names(tmp_path)) - {"a.csv"}
        assert hidden.startswith(".billql-")
        assert stat.S_IMODE((tmp_path / hidden).stat().st_mode) == 0o600
    assert names(tmp_path) == ["a.csv"]
    assert path.read_bytes() == NEW


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), OSError(28, "full")])
@pytest.mark.parametrize("there", [True, False])
def test_an_error_leaves_all_as_it_was(tmp_path: Path, error: BaseException, there: bool) -> None:
    path = tmp_path / "a.csv"
    if there:
        path.write_bytes(OLD)
    before = names(tmp_path)
    with pytest.raises(type(error)):
        write_and_raise(path, error)
    assert names(tmp_path) == before
    assert not there or path.read_bytes() == OLD


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "a.csv", tmp_path / "link.csv"
    link.symlink_to("far/a.csv")
    for data in (OLD, NEW):  # the first time, it leads nowhere
        write(link, data)
        assert link.is_symlink()
        assert target.read_bytes() == data
    assert names(tmp_path / "far") == ["a.csv"]
    assert names(tmp_path) == ["far", "link.csv"]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("folder", IsADirectoryError),
        ("new/", IsADirectoryError),
        ("", IsADirectoryError),
        ("nowhere/a.csv", FileNotFoundError),
        ("file/a.csv", NotADirectoryError),
        ("loop", OSError),
        ("a" * 300, OSError),
    ],
)
def test_a_place_that_cannot_be_written(
    tmp_path: Path, path: str, error: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(OLD)
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error):
        write(path)
    assert names(tmp_path) == ["file", "folder", "loop"]


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    told: list[bytes] = []
    reader = threading.Thread(target=lambda: told.append(pipe.read_bytes()))
    reader.start()
    write(pipe)
    reader.join(30)
    assert told == [NEW]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_file_that_is_open_already_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(OLD)
    with path.open("ab") as file:
        write(f"/dev/fd/{file.fileno()}")
    assert path.read_bytes() == OLD + NEW
    assert names(tmp_path) == ["a.csv"]


def test_what_another_is_writing_is_left_alone(tmp_path: Path) -> None:
    with atomic_file.atomic_write(str(tmp_path / "a.csv")) as one:
        one.write(NEW)
        one.flush()
        write(tmp_path / "b.csv")
        assert len(names(tmp_path)) == 2
    assert names(tmp_path) == ["a.csv", "b.csv"]
    assert (tmp_path / "a.csv").read_bytes() == NEW
