"""The reference of commands, settings, functions and errors as Markdown, made from the program.

All of it is read from the code: the parser's options, and the docstrings of settings, functions and
errors. What a page lacks, the code lacks.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections.abc import Iterator, Sequence

import msgspec

from billql import errors
from billql.config import file
from billql.config.serve import HttpConfig, ServeConfig
from billql.config.settings import Settings
from billql.docs.facts import ProviderFacts
from billql.docs.markdown import code, codes, escaped, table
from billql.http.credentials import url_variable
from billql.sqlite import (
    allocation,
    conversion,
    later_functions,
    money,
    series_functions,
    time_functions,
)


def commands(parser: argparse.ArgumentParser) -> str:
    """Return the page on every command with its options."""
    return "\n".join(_commands(parser))


def settings(providers: Sequence[ProviderFacts]) -> str:
    """Return the page on the config file and on the environment variables of each provider."""
    tokens = [
        (one.provider.title, codes(one.provider.auth.env_vars()), code(url_variable(one.name)))
        for one in providers
    ]
    lines = [
        "# Settings",
        "",
        "## Environment variables",
        "",
        "A token goes to the provider's own address. Another address is for a proxy or a sandbox: "
        "https, or plain http on this machine.",
        "",
        *table(("Provider", "Token", "Another address"), tokens),
        "## The config file",
        "",
        _doc(file).partition("\n")[2].strip("\n"),
        "",
    ]
    for title, kind in _CONFIG.items():
        rows = [
            (f"`{field.encode_name}`", _default(field), attributes(kind).get(field.name, ""))
            for field in msgspec.structs.fields(kind)
        ]
        lines += [f"### {title}", "", _doc(kind), ""]
        lines += table(("Key", "Default", "Meaning"), rows)
    return "\n".join(lines)


_CONFIG: dict[str, type[msgspec.Struct]] = {
    "At the top": file.Config,
    "[connections.NAME]": file.ConnectionConfig,
    "[profiles.NAME]": file.Profile,
    "[settings]": Settings,
    "[registries.NAME]": file.RegistryConfig,
    "[output]": file.OutputConfig,
    "[serve]": ServeConfig,
    "[serve.http]": HttpConfig,
}
"""The tables of the config file, and what describes each."""


def _default(field: msgspec.structs.FieldInfo) -> str:
    """Return a default as Markdown; nothing for what is empty."""
    plain = isinstance(field.default, str | int | float)
    return f"`{field.default}`" if plain else ""


_WITH_FUNCTIONS = (
    allocation,
    conversion,
    later_functions,
    money,
    series_functions,
    time_functions,
)
"""The modules whose functions are those of SQL."""


def functions() -> str:
    """Return the page on the SQL functions that billql adds to SQLite's own."""
    lines = ["# Functions", "", "billql adds these functions to those that SQLite has.", ""]
    for signature, text in sorted(_functions()):
        lines += [f"## {signature}", "", text, ""]
    return "\n".join(lines)


def _functions() -> Iterator[tuple[str, str]]:
    """Yield signature and text of each function whose docstring opens with a call, as SQL's do."""
    defined = [
        value
        for module in _WITH_FUNCTIONS
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]
    for value in defined:
        found = re.match(r"`(\w+\(.*?\))`: (.*)", inspect.getdoc(value) or "", re.DOTALL)
        if found:
            yield found[1], f"{found[2][0].upper()}{found[2][1:]}"


def errors_and_codes() -> str:
    """Return the page on the error tree and the exit codes."""
    exits = attributes(errors.Exit)
    exit_codes = [
        (f"`{one.value}`", f"`{one.name}`", exits.get(one.name, "")) for one in errors.Exit
    ]
    kinds = [
        (
            f"`{kind.__name__}`",
            f"`{kind.code}`",
            f"`{kind.exit_code.value}`",
            _doc(kind).split("\n")[0],
        )
        for kind in _subclasses(errors.Error)
    ]
    return "\n".join(
        (
            "# Errors",
            "",
            _doc(errors).partition("\n")[2].strip("\n"),
            "",
            "## Codes",
            "",
            "`code` and the exit code of the command line are stable: programs may rely on them.",
            "",
            *table(("Error", "Code", "Exit", "Meaning"), kinds),
            "## Exit codes",
            "",
            *table(("Exit", "Name", "Meaning"), exit_codes),
        )
    )


def _subclasses(kind: type[errors.Error]) -> Iterator[type[errors.Error]]:
    """Yield a class and all below it that billql itself defines, from the top down."""
    yield kind
    for one in kind.__subclasses__():
        if one.__module__ == errors.__name__:
            yield from _subclasses(one)


# The command line ---------------------------------------------------------------------------------


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield f"{parser.description or ''} `{parser.prog} COMMAND --help` shows the same."
    yield ""
    yield from _options(parser)
    yield from _children(parser, parser.epilog or "", 2)


def _children(parser: argparse.ArgumentParser, known: str, level: int) -> Iterator[str]:
    """Yield the lines on the commands below one; an epilog that is `known` is left out."""
    for command in _subparsers(parser):
        yield f"{'#' * level} {command.prog}"
        yield ""
        yield escaped(command.description or "")
        yield ""
        yield "```text"
        yield _usage(command)
        yield "```"
        yield ""
        yield from _options(command)
        epilog = (command.epilog or "").removesuffix(known).strip()
        if epilog:
            yield from ("```text", epilog, "```", "")
        yield from _children(command, known, level + 1)


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    rows = [(_spelling(one), _help(parser, one)) for one in _actions(parser)]
    if rows:
        yield from table(("Option", "Meaning"), rows)


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the options and arguments that help texts show."""
    # argparse has no public way to ask for these; its private one has stayed since Python 2.7.
    return [
        action
        for action in parser._actions
        if action.help != argparse.SUPPRESS
        and not isinstance(action, argparse._SubParsersAction | argparse._HelpAction)
    ]


def _subparsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    found = [
        one
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for one in action.choices.values()
    ]
    return list(dict.fromkeys(found))  # a command that has two names is described once


def _spelling(action: argparse.Action) -> str:
    """Return an option as people write it, with its value."""
    value = _value(action)
    if not action.option_strings:
        return code(value)
    names = codes(action.option_strings)
    return names if action.nargs == 0 else f"{names} {code(value)}"


def _value(action: argparse.Action) -> str:
    return action.metavar if isinstance(action.metavar, str) else action.dest.upper()


def _usage(command: argparse.ArgumentParser) -> str:
    parts = [command.prog]
    if any(one.option_strings for one in _actions(command)):
        parts.append("[OPTION …]")
    for action in _actions(command):
        if not action.option_strings:
            value = _value(action)
            parts.append(f"[{value}]" if action.nargs in ("?", "*") else value)
    if _subparsers(command):
        parts.append("COMMAND")
    return " ".join(parts)


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    text = (action.help or "") % {**vars(action), "prog": parser.prog}
    if action.choices is not None:
        text += f"; one of {', '.join(map(str, action.choices))}"
    return escaped(text)


# Texts --------------------------------------------------------------------------------------------


def attributes(kind: type) -> dict[str, str]:
    """Return the texts that stand under a class's attributes, by name."""
    (body,) = ast.parse(inspect.getsource(kind).strip()).body
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    name = ""
    for node in body.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                found[name] = " ".join(text.split())
    return found


def _doc(thing: object) -> str:
    return inspect.getdoc(thing) or ""
