"""What SQLite has that the suite does not take for granted, and what it lacks of the rest.

The suite skips the tests of whatever is not there. With these, SQLAlchemy's own dialect of SQLite
passes as well, but for instants with a time zone, which it does not keep.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from sqlalchemy.testing import exclusions
from sqlalchemy.testing.requirements import SuiteRequirements

HAS = (
    *("views", "view_reflection", "temporary_views", "temporary_tables", "temp_table_names"),
    *("reflects_pk_names", "foreign_key_constraint_name_reflection", "reflect_table_options"),
    *("foreign_key_constraint_option_reflection_ondelete", "check_constraint_reflection"),
    *("foreign_key_constraint_option_reflection_onupdate", "unique_constraint_reflection"),
    *("fk_constraint_option_reflection_ondelete_restrict", "inline_check_constraint_reflection"),
    *("computed_columns", "computed_columns_stored", "computed_columns_virtual"),
    *("computed_columns_reflect_persisted", "named_constraints", "recursive_fk_cascade"),
    *("regexp_match", "ctes", "ctes_on_dml", "ctes_with_update_delete", "window_functions"),
    *("tuple_in", "update_where_target_in_subquery", "intersect", "except_", "savepoints"),
    *("offset", "sql_expression_limit_offset", "insert_from_select", "multivalues_inserts"),
    *("insert_returning", "update_returning", "delete_returning", "group_by_complex_expression"),
    *("isolation_level", "get_isolation_level_values", "autocommit", "emulated_lastrowid"),
    *("implements_get_lastrowid", "dbapi_lastrowid", "duplicate_names_in_cursor_description"),
    *("datetime_timezone", "datetime_microseconds", "time_microseconds", "date_historic"),
    *("timestamp_microseconds", "datetime_historic", "datetime_literals", "json_type"),
    *("legacy_unconditional_json_extract", "expressions_against_unbounded_text"),
    *("precision_numerics_general", "precision_numerics_enotation_small", "infinity_floats"),
    *("precision_numerics_enotation_large", "unusual_column_name_characters"),
)

_PARENTHESES = "SQLite has no parentheses around the parts of a UNION"

LACKS = {
    "parens_in_union_contained_select_w_limit_offset": _PARENTHESES,
    "parens_in_union_contained_select_wo_limit_offset": _PARENTHESES,
    "implicitly_named_constraints": "SQLite leaves constraints without a name",
    "precision_numerics_many_significant_digits": "SQLite's numbers have 15 digits",
}


class Requirements(SuiteRequirements):
    """What the dialect's database has."""


def _feature(is_there: bool) -> property:
    return property(lambda self: exclusions.open() if is_there else exclusions.closed())


for _name in (*HAS, *LACKS):
    getattr(SuiteRequirements, _name)  # a misspelt one would do nothing
    setattr(Requirements, _name, _feature(_name in HAS))
