"""SHOW, SET, RESET and DISCARD."""

from __future__ import annotations

from collections.abc import Sequence

from billql.serve.postgres.commands import Commands, simple, texts
from billql.serve.postgres.compiler.parsing import Statement, Token, TokenType
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.prepared import Prepared
from billql.serve.postgres.transaction_commands import check_modes


def show(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare SHOW."""
    keywords = [token.text for token in statement.tokens[1:]]
    name = "".join(keywords) if "." in keywords else " ".join(keywords)
    if name.upper() == "ALL":
        return texts(
            ("name", "setting", "description"),
            lambda: [(key, value, "") for key, value in commands.settings.all()],
            "SHOW",
        )
    shown = name.lower()
    for other, known in (
        ("time zone", "TimeZone"),
        ("transaction isolation level", "transaction_isolation"),
    ):
        shown = known if shown == other else shown
    commands.settings.show(shown)
    return texts((shown,), lambda: [(commands.settings.show(shown),)], "SHOW")


def set_(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare SET."""
    rest = statement.after(1)
    is_local = rest.keyword == "LOCAL"
    if rest.keyword in ("SESSION", "LOCAL") and rest.keyword_at(1) not in (
        "AUTHORIZATION",
        "CHARACTERISTICS",
    ):
        rest = rest.after(1)
    if rest.keyword == "TRANSACTION" or (
        rest.keyword == "SESSION" and rest.keyword_at(1) == "CHARACTERISTICS"
    ):
        check_modes([token.text.upper() for token in rest.tokens])
        return simple(lambda: None, "SET")
    if rest.keyword == "SESSION" or rest.keyword == "ROLE":
        return _set_role(commands, rest)
    if rest.keyword == "TIME" and rest.keyword_at(1) == "ZONE":
        name, values = "timezone", rest.tokens[2:]
    elif rest.keyword == "NAMES":
        name, values = "client_encoding", rest.tokens[1:]
    else:
        name, values = _assignment(rest)
    return _setting(commands, name, values, is_local=is_local)


def _assignment(statement: Statement) -> tuple[str, Sequence[Token]]:
    at = next(
        (
            place
            for place, token in enumerate(statement.tokens)
            if token.text.upper() == "TO" or token.token_type == TokenType.EQ
        ),
        None,
    )
    if not at:
        raise PostgresError("42601", "syntax error in SET", hint="Write SET name = value.")
    return "".join(token.text for token in statement.tokens[:at]).lower(), statement.tokens[
        at + 1 :
    ]


def _setting(commands: Commands, name: str, values: Sequence[Token], *, is_local: bool) -> Prepared:
    parts = [
        f"{'-' if place and values[place - 1].token_type == TokenType.DASH else ''}{token.text}"
        for place, token in enumerate(values)
        if token.token_type not in (TokenType.COMMA, TokenType.DASH)
    ]
    value = ", ".join(parts)
    is_default = value.upper() == "DEFAULT" and values[0].token_type != TokenType.STRING

    def change() -> None:
        if is_local and commands.transaction.status == "I":
            return
        settings = commands.settings
        found = settings.reset(name) if is_default else settings.set(name, value)
        commands.transaction.changed += found

    return simple(change, "SET")


def _set_role(commands: Commands, statement: Statement) -> Prepared:
    role = statement.tokens[-1].text
    if role.lower() not in ("none", "default", commands.settings.user.lower()):
        raise PostgresError(
            "42501", f'permission denied to set role "{role}"', hint="Connect as that user."
        )
    return simple(lambda: None, "SET")


def reset(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare RESET."""
    name = "".join(token.text for token in statement.tokens[1:]).lower()
    if name == "sessionauthorization":
        return simple(lambda: None, "RESET")

    def change() -> None:
        found = commands.settings.reset(
            None if name == "all" else name.replace("timezone", "timezone")
        )
        commands.transaction.changed += found

    return simple(change, "RESET")


def discard(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare DISCARD."""
    what = statement.keyword_at(1)
    if what not in ("ALL", "PLANS", "TEMP", "TEMPORARY", "SEQUENCES"):
        raise PostgresError("42601", "syntax error in DISCARD", hint="Write DISCARD ALL.")

    def discard() -> None:
        if what == "ALL":
            if commands.transaction.status != "I":
                raise PostgresError(
                    "25001",
                    "DISCARD ALL cannot run inside a transaction block",
                    hint="COMMIT first.",
                )
            commands.transaction.changed += commands.settings.reset()
            commands.statements.clear()
            for portal in commands.transaction.portals.values():
                portal.close()
            commands.transaction.portals.clear()

    return simple(discard, f"DISCARD {what}")
