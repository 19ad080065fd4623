"""The config file: connections, profiles and settings, in TOML.

    [connections.acme-stripe]
    provider = "stripe"
    token_command = "op read op://Finance/acme/key"

    [profiles.work]
    connections = ["acme-stripe"]
    max_requests = 500

It need not hold a token, and need not exist. `profile` at its top, or `--profile`, chooses a
profile; without one, all connections are used.
"""

from __future__ import annotations

import codecs
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from billql.config.serve import ServeConfig
from billql.config.settings import Settings
from billql.errors import InterfaceError
from billql.util.struct_errors import MSGSPEC_LOCK, explain_mismatch

MAX_BYTES = 8 * 1024 * 1024
"""The largest config file that is read, in bytes: 10,000 connections need one or two million."""

Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)",
        description="a name of letters, digits, dots, dashes and underscores",
    ),
]
Amount = Annotated[int, Meta(gt=0)]
Rate = Annotated[
    str,
    Meta(
        pattern=r"^(none|[1-9][0-9]{0,8}/(second|minute|hour))$(?!\n)",
        description="a number of requests in a second, minute or hour, such as 250/minute, or none",
    ),
]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class ConnectionConfig(_Strict, frozen=True, kw_only=True):
    """One credential for a provider: where its token is, in one of four ways.

    Without any of them the token is in the environment variable `BILLQL_<NAME>_TOKEN`, or else in
    the system's keyring under the service `billql` and the connection's name.
    """

    provider: str
    """The provider whose API it is for."""
    token_env: str | None = None
    """The environment variable that holds the token."""
    token_keyring: str | None = None
    """The user name under which the system's keyring has it, for the service `billql`."""
    token_command: str | None = None
    """A command that prints it, such as a password manager's; no shell reads it."""
    token: str | None = None
    """The token itself, for a file that nobody else can read."""
    url: str | None = None
    """Another address of the API, such as a proxy's."""

    def __repr__(self) -> str:
        """Return a form without the token."""
        return f"ConnectionConfig(provider={self.provider!r})"


class Profile(_Strict, frozen=True, kw_only=True):
    """Defaults for options of the command line and arguments of `connect`."""

    connections: tuple[Name, ...] | None = None
    """The connections to use (default: all)."""
    definitions: tuple[str, ...] = ()
    """Folders with more providers."""
    max_requests: Amount | None = None
    """How many requests a statement may send."""
    max_cost: Annotated[float, Meta(ge=0)] | None = None
    """How much a statement's requests may cost, where an API charges for them."""
    cache_ttl: Annotated[float, Meta(ge=0)] | None = None
    """How many seconds responses are cached for later statements."""
    cache: str | None = None
    """A folder that keeps cached responses between processes."""


PublicKey = Annotated[
    str,
    # 32 bytes in base64, the spare bits of which are zero, so that a key has one text.
    Meta(
        pattern=r"^ed25519:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$(?!\n)",
        description="a public key as billql registry key show FILE prints it: ed25519:…",
    ),
]


class RegistryConfig(_Strict, frozen=True, kw_only=True):
    """A registry from which definitions can be pulled, and whose signature counts."""

    url: str
    """Where it is: an https:// address, or a folder."""
    keys: Annotated[
        tuple[PublicKey, ...], Meta(min_length=1, description="one public key, or several")
    ]
    """The public keys, any one of which signs it: two while a new one replaces an old one."""
    providers: tuple[str, ...] = ()
    """The providers that it may define (default: any that does not ship with billql)."""


class OutputConfig(_Strict, frozen=True, kw_only=True):
    """How results look where people read them."""

    thousands: bool = True
    """Whether amounts of money have separators of thousands, in the formats for people."""


Version = Annotated[
    str, Meta(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$(?!\n)", description="a version like 1.2.3")
]


class Config(_Strict, frozen=True, kw_only=True):
    """The config file as a whole."""

    profile: Name | None = None
    """The profile to use by default."""
    connections: dict[Name, ConnectionConfig] = {}
    """The connections by their names."""
    profiles: dict[Name, Profile] = {}
    """The profiles by their names."""
    settings: Settings = Settings()
    """Limits of requests and statements."""
    limits: dict[str, Rate] = {}
    """How many requests providers are sent, such as `digitalocean = "1000/minute"`, or `none`, in
    the place of the limits of their definitions; what an API states itself goes first."""
    providers: dict[str, Version] = {}
    """The versions of definitions to use, by provider (default: the newest)."""
    registries: dict[Name, RegistryConfig] = {}
    """Where definitions can be pulled from, by names."""
    output: OutputConfig = OutputConfig()
    """How results look where people read them."""
    serve: ServeConfig = ServeConfig()
    """What `billql serve` serves, and to whom."""


class ResolvedConfig(_Strict, frozen=True, kw_only=True):
    """The config file with one profile applied."""

    connections: dict[str, ConnectionConfig] = {}
    profile: Profile = Profile()
    settings: Settings = Settings()
    limits: dict[str, str] = {}
    providers: dict[str, str] = {}
    registries: dict[str, RegistryConfig] = {}
    output: OutputConfig = OutputConfig()
    serve: ServeConfig = ServeConfig()
    warnings: tuple[str, ...] = ()
    """Problems of the file that are no error, for people."""


def read(path: Path | None, *, required: bool = False) -> tuple[Config, tuple[str, ...]]:
    """Return a config file and its warnings; the empty one if there is no file.

    Raise InterfaceError for a file that cannot be read or has a mistake, and for a missing file if
    it is `required`.
    """
    if path is None:
        return Config(), ()
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
            mode = os.fstat(file.fileno()).st_mode
    except (FileNotFoundError, NotADirectoryError):
        if required:
            raise InterfaceError(f"There is no config file {path}") from None
        return Config(), ()
    except OSError as error:
        hint = None if required else "--config FILE, or BILLQL_CONFIG, names another one."
        raise InterfaceError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    config = _parse(path, content)
    secret = any(one.token is not None for one in config.connections.values())
    if secret and os.name == "posix" and mode & 0o077:
        return config, (f"{path} holds a token, and others can read it: chmod 600 {path}",)
    return config, ()


def resolve_profile(
    path: Path | None, profile: str | None = None, *, required: bool = False
) -> ResolvedConfig:
    """Read a config file and apply a profile of it; raise InterfaceError."""
    config, warnings = read(path, required=required)
    name = profile or config.profile
    whole = ResolvedConfig(
        connections=config.connections,
        settings=config.settings,
        limits=dict(config.limits),
        providers=dict(config.providers),
        registries=config.registries,
        output=config.output,
        serve=config.serve,
        warnings=warnings,
    )
    if name is None:
        return whole
    if name not in config.profiles:
        raise InterfaceError(
            f"There is no profile {name} in {path or 'a config file'}",
            hint=_known("profiles", config.profiles),
        )
    found = config.profiles[name]
    names = config.connections if found.connections is None else found.connections
    missing = next((one for one in names if one not in config.connections), None)
    if missing is not None:
        raise InterfaceError(
            f"{path}: profiles.{name}.connections: there is no connection {missing}",
            hint=_known("connections", config.connections),
        )
    connections = {one: config.connections[one] for one in names}
    return msgspec.structs.replace(whole, connections=connections, profile=found)


def _known(kind: str, names: dict[str, Any]) -> str:
    return f"Its {kind}: {', '.join(names)}." if names else f"It has no {kind}."


def _text(path: Path, content: bytes) -> str:
    """Decode a file: editors of Windows write a mark before UTF-8, or UTF-16."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        where = "" if wide else f", in line {content.count(10, 0, error.start) + 1}"
        raise InterfaceError(
            f"{path} is not text in UTF-8{where}{', but in UTF-16' if wide else ''}",
            hint="Save it as UTF-8, which is what TOML is written in.",
        ) from None


def _parse(path: Path, content: bytes) -> Config:
    if len(content) > MAX_BYTES:
        raise InterfaceError(f"{path} is larger than {MAX_BYTES} bytes")
    try:
        value = tomllib.loads(_text(path, content))
    except (ValueError, RecursionError) as error:  # not TOML, a number without end
        raise InterfaceError(f"{path} is not TOML: {error}") from None
    try:
        with MSGSPEC_LOCK:
            return msgspec.convert(value, Config)
    except msgspec.ValidationError:
        place, message = explain_mismatch(value, Config)
        where = ".".join(map(str, place))
        raise InterfaceError(f"{path}: {where + ': ' if where else ''}{message}") from None
