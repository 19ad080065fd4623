"""Errors with status 200: the members that state one, and those that only look like it."""

from __future__ import annotations

from typing import Any

import pytest

from billql.fetching._disguised_errors import error_member


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"error": "no"}, "error"),
        ({"Error_Code": 17}, "Error_Code"),
        ({"errors": [{"message": "no"}]}, "errors"),
        ({"success": False}, "success"),
        ({"ok": "false"}, "ok"),
        ({"message": "no such thing"}, "message"),
        ({"status": 500}, "status"),
        ({"error": None, "code": "denied"}, "code"),
        ({"error": None, "errors": [], "success": True, "status": 200}, None),
        ({"message": "OK", "code": 0, "status": "success"}, None),
        ({"data": None}, None),
        ([], None),
    ],
)
def test_members_that_state_an_error(data: Any, name: str | None) -> None:
    assert error_member(data) == name


def test_the_first_of_several_objects_decides() -> None:
    assert error_member({"data": None}, {"error": "no"}) == "error"
