"""What `make` installs is locked: every package that pyproject.toml names, with hashes, no host."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from requirements.run_uv import variables
from support.paths import ROOT

LOCKS = ("dev", "fuzz", "spark", "tools")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]


def text(name: str) -> str:
    """Return a lock file's text, each of its requirements in one line."""
    return (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", "")


def lines(name: str) -> list[str]:
    """Return the requirements of a lock file, with their hashes."""
    return [line for line in text(name).splitlines() if not line.lstrip().startswith("#")]


def pins(name: str) -> dict[str, str]:
    """Return the version of each package in a lock file."""
    requirements = [Requirement(line.split(" --hash")[0]) for line in lines(name)]
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in requirements
    }


def required(extra: str) -> Iterator[Requirement]:
    """Yield what an extra requires, and what the extras in it do."""
    for requirement in map(Requirement, EXTRAS[extra]):
        if requirement.name == "billql":
            for other in sorted(requirement.extras):
                yield from required(other)
        else:
            yield requirement


def misfits(requirements: list[Requirement], locked: dict[str, str]) -> list[str]:
    """Return the requirements that no locked version satisfies."""
    return [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(
            locked.get(canonicalize_name(requirement.name), "0.dev0"), prereleases=False
        )
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_one_version_and_hashes(name: str) -> None:
    assert lines(name)
    for line in lines(name):
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; [^-]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line)


@pytest.mark.parametrize("name", LOCKS)
def test_no_host_and_no_path_is_named(name: str) -> None:
    assert not re.search(r"://|--index|--find-links|--trusted|-e |file:| @ | /\w", text(name))


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_an_extra_requires_is_locked(extra: str) -> None:
    locked = pins(extra if extra in ("fuzz", "spark") else "dev")
    assert misfits(list(required(extra)), locked) == []


@pytest.mark.parametrize("name", ["dev", "fuzz"])
def test_what_the_project_requires_is_locked(name: str) -> None:
    assert (
        misfits([Requirement(text) for text in PROJECT["project"]["dependencies"]], pins(name))
        == []
    )


def test_what_builds_the_project_is_locked() -> None:
    built = [Requirement(text) for text in PROJECT["build-system"]["requires"]]
    assert misfits(built, pins("tools")) == []


def test_what_is_not_locked_is_seen() -> None:
    assert misfits([Requirement("apsw>=9999")], pins("dev")) == ["apsw>=9999"]
    assert misfits([Requirement("nowhere")], pins("dev")) == ["nowhere"]


def test_files_that_are_installed_beside_each_other_agree() -> None:
    for name in ("fuzz", "spark"):
        assert pins("dev") | pins(name) == pins(name) | pins("dev")
    assert set(pins("fuzz")) - set(pins("dev")) == {"atheris"}
    assert pins("tools") | pins("dev") == pins("dev") | pins("tools")


def test_users_have_ranges() -> None:
    asked = [PROJECT["project"]["dependencies"], *EXTRAS.values()]
    for requirement in (Requirement(text) for texts in asked for text in texts):
        exact = {"==", "==="} & {specifier.operator for specifier in requirement.specifier}
        assert not exact, requirement


def test_uv_asks_where_pip_asks() -> None:
    listed = [
        "global.index-url='https://mirror.example/simple'",
        "install.index-url='https://other.example/simple'",
        "global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'",
        "global.cert='/etc/ca.pem'",
        "global.timeout='60'",
        ":env:.proxy='http://proxy.example:3128'",
        "a warning that is no option",
    ]
    made = variables(listed, {"UV_INDEX": "https://mine.example/simple", "PATH": "/bin"})
    assert made.pop("UV_SYSTEM_CERTS")
    assert made.pop("UV_INDEX_STRATEGY") == "unsafe-best-match"
    assert made == {
        "UV_DEFAULT_INDEX": "https://other.example/simple",
        "UV_INDEX": "https://mine.example/simple",
        "SSL_CERT_FILE": "/etc/ca.pem",
        "ALL_PROXY": "http://proxy.example:3128",
        "PATH": "/bin",
    }
    assert variables(listed, {})["UV_INDEX"] == "https://a.example/simple https://b.example/simple"
