"""The tests of SQLAlchemy's suite that fail, and why; one that passes after all fails the run."""

from __future__ import annotations

_DIGITS = (
    "A number in SQLite has 15 digits, and 99998969694839.98 has 16: billql refuses the parameter, "
    "and reads 99998969694840; SQLAlchemy's dialect of SQLite passes on what is a near number"
)

EXCLUDED = {
    "JSONTest::test_index_typed_access[numeric1]": _DIGITS,
    "JSONTest::test_index_typed_comparison[numeric1]": _DIGITS,
    "JSONTest::test_path_typed_comparison[numeric1]": _DIGITS,
}
