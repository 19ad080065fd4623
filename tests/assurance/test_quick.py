"""The quick part of the assurance cases."""

from __future__ import annotations

import pytest

from . import everything
from .case import Case, judge

QUICK = [case for case in everything() if case.quick]


@pytest.mark.parametrize("case", QUICK, ids=[f"{case.promise}: {case.name}" for case in QUICK])
def test_a_promise_holds(case: Case) -> None:
    result = judge(case)
    assert result.outcome is not None, result.told
