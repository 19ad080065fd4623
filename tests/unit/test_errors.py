"""The error tree: what its docstring draws is what the classes are."""

from __future__ import annotations

import pickle
import re
import traceback
from collections import Counter
from collections.abc import Iterator

import pytest

from billql import errors
from billql.errors import Error, Exit


def _drawn() -> dict[str, tuple[str | None, str | None]]:
    """Read the docstring's drawing: each class with its base and its code."""
    found: dict[str, tuple[str | None, str | None]] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.fullmatch(r" {4}([│├└─ ]*)([A-Z]\w+)(?: {2,}\S.*?)?(?: {2,}([a-z-]+))?", line)
        if match is None:
            continue
        while above and above[-1][0] >= len(match[1]):
            above.pop()
        found[match[2]] = (above[-1][1] if above else None, match[3])
        above.append((len(match[1]), match[2]))
    return found


def _below(base: type[Exception]) -> Iterator[type[Exception]]:
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from _below(kind)


CLASSES = [Error, errors.Warning, *_below(Error)]


def test_the_drawing_holds_every_class_below_its_base() -> None:
    bases = {name: base for name, (base, _) in _drawn().items()}
    assert bases == {
        kind.__name__: None if kind.__bases__ == (Exception,) else kind.__bases__[0].__name__
        for kind in CLASSES
    }


def test_the_drawing_shows_the_codes_of_billqls_own_errors() -> None:
    codes = {name: code for name, (_, code) in _drawn().items() if code is not None}
    assert len(codes) == 20
    assert codes == {name: getattr(errors, name).code for name in codes}
    own = {kind.__name__ for kind in CLASSES if not kind.__name__.endswith(("Error", "Warning"))}
    assert own <= set(codes)


def test_codes_are_unique_and_spelled_alike() -> None:
    codes = [kind.code for kind in CLASSES if issubclass(kind, Error)]
    assert [code for code, count in Counter(codes).items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_each_class_states_a_code_of_its_own() -> None:
    assert [kind for kind in CLASSES if issubclass(kind, Error) and "code" not in vars(kind)] == []


def test_exit_codes_are_unique_and_fit_a_process() -> None:
    assert len(Exit.__members__) == len(set(Exit))
    assert all(0 <= code <= 255 for code in Exit)
    assert all(kind.exit_code in Exit for kind in CLASSES if issubclass(kind, Error))


def test_no_error_ends_as_a_success() -> None:
    assert not any(kind.exit_code is Exit.OK for kind in CLASSES if issubclass(kind, Error))


def test_pep_249_is_complete() -> None:
    for name, base in {
        "Warning": Exception,
        "Error": Exception,
        "InterfaceError": Error,
        "DatabaseError": Error,
        "DataError": errors.DatabaseError,
        "OperationalError": errors.DatabaseError,
        "IntegrityError": errors.DatabaseError,
        "InternalError": errors.DatabaseError,
        "ProgrammingError": errors.DatabaseError,
        "NotSupportedError": errors.DatabaseError,
    }.items():
        assert getattr(errors, name).__bases__ == (base,)


@pytest.mark.parametrize(
    "error",
    [
        Error("It failed.", hint="Do this."),
        errors.SqlError("It failed.", sql="SELECT", offset=3, hint="Do this."),
        errors.ParameterMissing("It failed.", resource="a.b.c", column="d", hint="Do this."),
        errors.CredentialRefused(
            "It failed.", status=401, method="GET", url="https://x/", hint="Do this."
        ),
    ],
)
def test_an_error_reads_as_its_message_and_carries_a_hint(error: Error) -> None:
    assert (str(error), error.message, error.hint) == ("It failed.", "It failed.", "Do this.")


@pytest.mark.parametrize(
    "error",
    [
        Error("It failed.", hint="Do this."),
        errors.Interrupted(),
        errors.SqlError("It failed.", sql="SELECT", offset=3),
        errors.ParameterMissing("It failed.", resource="a.b.c", column="d", hint="Do this."),
        errors.CredentialRefused("It failed.", status=401, method="GET", url="https://x/"),
    ],
)
def test_an_error_goes_from_process_to_process(error: Error) -> None:
    """A pool of processes waits for ever for one that cannot be unpacked."""
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_an_api_error_says_what_the_api_said() -> None:
    error = errors.ApiError(
        "It failed.",
        status=500,
        method="GET",
        url="https://x/",
        api_code="oops",
        api_message="Oops.",
        request_id="1",
    )
    told = (error.status, error.method, error.url, error.api_code, error.api_message)
    assert told == (500, "GET", "https://x/", "oops", "Oops.")
    assert (error.request_id, error.hint) == ("1", None)


def test_a_traceback_ends_with_the_hint_as_it_is_now() -> None:
    error = errors.SqlError("no such column: tpye", hint="Did you mean type?")
    error.add_note("The token was secret.")
    error.hint = "Did you mean 'secret type'?"
    error.redact(lambda text: text.replace("secret", "***"))
    shown = "".join(traceback.format_exception_only(pickle.loads(pickle.dumps(error))))
    assert shown == (
        "billql.errors.SqlError: no such column: tpye\nhint: Did you mean '*** type'?\n"
        "The token was ***.\n"
    )
    assert "hint" not in "".join(traceback.format_exception_only(Error("It failed")))
