"""Sources of a configured connection's token: the environment, the keyring, a command, the file.

The description of a source names the place, never the token.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from billql.config.file import ConnectionConfig
from billql.errors import CredentialMissing, InterfaceError

SERVICE = "billql"
"""The service of billql's tokens in the system's keyring."""

WITHOUT_KEYRING = (
    "Without a keyring, as on a server, name the token by token_env or token_command: "
    "docs/connections.md, 'Without a keyring'."
)
"""What to do on a machine that has no keyring, or none that can be unlocked."""

_COMMAND_SECONDS = 120.0
"""How many seconds a command may take: some wait for a fingerprint."""

KeyringLookup = Callable[[str, str], str | None]
"""Returns the password of a service and a user name, or None; raises KeyringMissing."""


class KeyringMissing(Exception):  # noqa: N818 - it names a condition
    """There is no keyring; the message states why."""


def variable(connection: str) -> str:
    """Return the name of the environment variable of a connection's token, by default."""
    letters = "".join(letter if letter.isalnum() else "_" for letter in connection)
    return f"BILLQL_{letters.upper()}_TOKEN"


def describe(name: str, config: ConnectionConfig) -> str:
    """Return in words where a connection's token is looked up."""
    if config.token is not None:
        return "the config file"
    if config.token_env is not None:
        return f"the environment variable {config.token_env}"
    if config.token_command is not None:
        return f"the command {_program(config.token_command)}"
    if config.token_keyring is not None:
        return f"the keyring, as {SERVICE} {config.token_keyring}"
    return f"the environment variable {variable(name)}, or the keyring, as {SERVICE} {name}"


def resolve_secret(
    name: str, config: ConnectionConfig, environ: Mapping[str, str], passwords: KeyringLookup
) -> str:
    """Return a connection's token; raise CredentialMissing or InterfaceError."""
    if sum(one is not None for one in _ways(config)) > 1:
        raise InterfaceError(
            f"The connection {name} has several sources of its token",
            hint="Keep one of token_env, token_keyring, token_command and token.",
        )
    if config.token is not None:
        return _required(name, config, config.token, "token = …")
    if config.token_command is not None:
        return _run_command(name, config.token_command)
    if config.token_env is not None:
        return _required(
            name, config, environ.get(config.token_env), f"export {config.token_env}=…"
        )
    if config.token_keyring is not None:
        command = f"keyring set {SERVICE} {config.token_keyring}"
        found = _from_keyring(name, config, config.token_keyring, passwords)
        return _required(name, config, found, command)
    found = environ.get(variable(name)) or _from_keyring(name, config, name, passwords)
    return _required(name, config, found, f"export {variable(name)}=…")


def _from_keyring(
    name: str, config: ConnectionConfig, user: str, passwords: KeyringLookup
) -> str | None:
    try:
        return passwords(SERVICE, user)
    except KeyringMissing as why:
        raise CredentialMissing(
            f"There is no token for the connection {name}: {describe(name, config)} has none, "
            f"because {why}",
            hint=WITHOUT_KEYRING,
        ) from None


def keyring_password(service: str, user: str) -> str | None:
    """Return a password of the system's keyring, or None.

    Raise KeyringMissing if there is no keyring, CredentialMissing if it fails.
    """
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise KeyringMissing(
            "keyrings are not supported without: pip install 'billql[keyring]'"
        ) from None
    try:
        return keyring.get_password(service, user)
    except keyring.errors.NoKeyringError:
        raise KeyringMissing("this machine has no keyring") from None
    except Exception as error:  # a backend may raise anything
        raise CredentialMissing(
            f"The system's keyring cannot be read: {type(error).__name__}",
            hint=f"Unlock it, and run the statement again. {WITHOUT_KEYRING}"
            if isinstance(error, keyring.errors.KeyringError)
            else "Correct what chooses it: PYTHON_KEYRING_BACKEND, or keyringrc.cfg.",
        ) from None


def _ways(config: ConnectionConfig) -> tuple[str | None, ...]:
    return (config.token, config.token_env, config.token_keyring, config.token_command)


def _required(name: str, config: ConnectionConfig, found: str | None, advice: str) -> str:
    if found and found.strip():
        return found
    raise CredentialMissing(
        f"There is no token for the connection {name}: {describe(name, config)} has none",
        hint=f"Put it there: {advice}",
    )


def _program(command: str) -> str:
    """Return the program of a command; its arguments may be private."""
    return command.split(maxsplit=1)[0] if command.strip() else "without a name"


def _run_command(name: str, command: str) -> str:
    """Run a command and return the first line that it prints; raise CredentialMissing."""
    # Most connections have no command, and all would wait for these.
    import shlex
    import subprocess

    program = _program(command)
    try:
        done = subprocess.run(
            shlex.split(command, posix=os.name == "posix"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except (OSError, IndexError) as error:
        why = getattr(error, "strerror", None) or "it is empty"
        raise _failed(name, program, why) from None
    except ValueError:
        raise _failed(name, program, "a quote is not closed") from None
    except subprocess.TimeoutExpired:
        raise _failed(name, program, f"it took over {_COMMAND_SECONDS:.0f} seconds") from None
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if done.returncode != 0:
        raise _failed(name, program, f"it ended with code {done.returncode}")
    if not lines or not lines[0].strip():
        raise _failed(name, program, "it printed nothing")
    return lines[0]


def _failed(name: str, program: str, why: str) -> CredentialMissing:
    return CredentialMissing(
        f"There is no token for the connection {name}: the command {program} printed none: {why}",
        hint="Run the token_command of the config file by itself; it must print the token.",
    )
