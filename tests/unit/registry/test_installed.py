"""What is installed: compared with what was signed, removed, and pulled by several at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from billql.errors import InterfaceError
from billql.registry import RegistryError, naming
from billql.registry.client import Pulled
from billql.registry.source import Folder
from support.registry.making import World

Change = Callable[[Path], None]


def _edit(folder: Path) -> None:
    path = folder / "billing.yaml"
    path.write_text(path.read_text() + " ")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_edit, "Not what was pulled: billing.yaml"),
        (lambda folder: (folder / "billing.yaml").unlink(), "Not what was pulled: billing.yaml"),
        (lambda folder: (folder / "b.yaml").write_text(""), "Not what was pulled: b.yaml"),
        (lambda folder: (folder / "b.yaml").mkdir(), "b.yaml is not a plain file"),
        (lambda folder: (folder / "b.yaml").symlink_to("/etc/passwd"), "is not a plain file"),
        (lambda folder: (folder / "package.tar").write_bytes(b""), "package.tar is not what"),
        (lambda folder: (folder / "package.tar").unlink(), "package.tar is not what"),
        (lambda folder: (folder / "index.json").unlink(), "The index is not a signed one"),
        (
            lambda folder: (folder / "index.json").write_bytes(
                (folder / "index.json").read_bytes().replace(b'"issued": 2', b'"issued": 3')
            ),
            "was changed after it had been signed",
        ),
    ],
)
def test_whatever_is_changed_is_noticed(world: World, change: Change, problem: str) -> None:
    world.release("1.0.0")
    world.release("1.1.0")
    folder = world.registry().pull("acme", "1.0.0").folder
    change(folder)
    (verified,) = world.registry().verify("Acme")
    assert problem in (verified.problem or "")
    with pytest.raises(RegistryError) as caught:
        world.registry().pull("acme", "1.0.0")
    assert "registry remove acme" in (caught.value.hint or "")
    assert world.registry().remove("acme") == ["1.0.0"]
    assert world.registry().pull("acme").new
    assert world.sound() == ["1.1.0"]


def test_a_version_in_the_place_of_another_is_noticed(world: World) -> None:
    world.release("1.0.0")
    folder = world.registry().pull("acme").folder
    folder.rename(folder.with_name("9.0.0"))
    (verified,) = world.registry().verify()
    assert verified == ("acme", "9.0.0", "package.tar is not what was pulled")


def test_removing(world: World) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        world.release(version)
        world.registry().pull("acme")
    assert world.registry().remove("ACME", "1.1.0") == ["1.1.0"]
    with pytest.raises(InterfaceError, match=r"acme 1\.1\.0 is not installed") as caught:
        world.registry().remove("acme", "1.1.0")
    assert caught.value.hint == "Installed of acme: 1.0.0, 1.2.0."
    assert world.registry().remove("acme") == ["1.0.0", "1.2.0"]
    for name in ("acme", "../packages", ""):
        with pytest.raises(InterfaceError, match="is installed"):
            world.registry().remove(name)
        with pytest.raises(InterfaceError, match="is installed"):
            world.registry().verify(name)
    assert world.registry().verify() == []


# Several at once.


class Meeting(Folder):
    """A folder whose readers of packages wait for each other."""

    def __init__(self, root: Path, barrier: threading.Barrier) -> None:
        super().__init__(root)
        self._barrier = barrier

    def read(self, path: str, limit: int) -> bytes:
        """Read a file."""
        content = super().read(path, limit)
        if path != naming.INDEX:
            self._barrier.wait(10)
        return content


def test_several_pull_at_once(world: World) -> None:
    for version in ("1.0.0", "1.1.0"):
        world.release(version)
    for _ in range(10):
        wanted = ["1.0.0", "1.1.0", "1.0.0", "1.1.0"]
        barrier = threading.Barrier(len(wanted))
        pulled: list[Pulled] = []

        def pull(version: str, barrier: threading.Barrier, pulled: list[Pulled]) -> None:
            registry = world.registry(Meeting(world.built, barrier))
            pulled.append(registry.pull("acme", version))

        threads = [
            threading.Thread(target=pull, args=(version, barrier, pulled)) for version in wanted
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted((one.version, one.new) for one in pulled) == [
            ("1.0.0", False),
            ("1.0.0", True),
            ("1.1.0", False),
            ("1.1.0", True),
        ]
        assert world.sound() == ["1.0.0", "1.1.0"]
        assert [path.name for path in (world.data / "packages").iterdir()] == ["acme"]
        world.registry().remove("acme")
