"""Whether installed packages are as they were pulled, and registries named so that they can be."""

from __future__ import annotations

from collections.abc import Iterator

from billql.config import paths
from billql.config.file import ResolvedConfig
from billql.doctor.finding import Finding, Level, failure
from billql.errors import Error, Exit
from billql.registry.store import Store
from billql.sqlite.options import ConnectOptions
from billql.util.text import counted


def look(connect_options: ConnectOptions, found: ResolvedConfig) -> Iterator[Finding]:
    """Yield what is wrong with installed packages and with registries; nothing is sent."""
    try:
        data = paths.data_folder(connect_options.environ)
        installed = data is not None and Store(data).providers()
    except Error:
        return  # reported already, with the definitions and the folders
    if data is None or not (installed or found.registries):
        return
    try:
        with connect_options.registry(found) as registry:
            verified = registry.verify() if installed else []
    except Error as error:
        yield failure("registries", error)
        return
    for one in verified:
        if one.problem is not None:
            yield Finding(
                Level.ERROR,
                f"package {one.provider} {one.version}",
                one.problem,
                f"To install it anew: billql registry remove {one.provider} {one.version}, "
                "then pull it.",
                Exit.DEFINITION,
            )
    if found.registries:
        yield Finding(Level.OK, "registries", ", ".join(found.registries))
    sound = sum(one.problem is None for one in verified)
    if sound:
        yield Finding(Level.OK, "packages", f"{counted(sound, 'version')} as pulled")
