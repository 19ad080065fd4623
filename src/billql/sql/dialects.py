"""What people from PostgreSQL, MySQL, Snowflake and others write that SQLite does not know.

For each the remedy is shown. The expressions are run by a test, over a row of `x` and `y`, which
are numbers, `s`, a text, `day` and `later`, which are days, and `list`, an array in JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from billql.sql.tokenizer import Token

EXPRESSIONS: Mapping[str, tuple[str, ...]] = {
    "datetime('now')": (
        "now",
        "getdate",
        "sysdate",
        "systimestamp",
        "sysdatetime",
        "utc_timestamp",
    ),
    "date('now')": ("curdate", "today", "utc_date"),
    "date(day, '+1 month')": (
        *("dateadd", "date_add", "timestampadd", "timestamp_add", "adddate", "add_months"),
        *("date_sub", "subdate"),
    ),
    "julianday(later) - julianday(day)": (
        *("datediff", "date_diff", "timestampdiff", "timestamp_diff", "days_between"),
    ),
    "strftime('%Y-%m', day)": ("to_char", "date_format", "format_date", "format_timestamp"),
    "date(day)": ("to_date", "str_to_date", "parse_date", "try_to_date"),
    "datetime(x, 'unixepoch')": ("to_timestamp", "from_unixtime", "timestamp_seconds"),
    "unixepoch(day)": ("unix_timestamp", "to_unixtime", "unix_seconds"),
    "year(day), quarter(day), month(day) or day(day)": ("date_part", "datepart", "extract"),
    "day(day)": ("dayofmonth",),
    "strftime('%w', day)": ("dayofweek", "weekday"),
    "strftime('%H', day)": ("hour",),
    "ifnull(x, y)": ("nvl", "isnull"),
    "ifnull(x, 0)": ("zeroifnull",),
    "nullif(x, 0)": ("nullifzero",),
    "iif(x > 0, x, y)": ("iff", "nvl2"),
    "CASE x WHEN 1 THEN 'one' ELSE 'more' END": ("decode",),
    "max(x, y)": ("greatest",),
    "min(x, y)": ("least",),
    "CAST(x AS REAL)": ("to_number", "to_decimal", "to_numeric", "to_double", "try_to_number"),
    "CAST(x AS TEXT)": ("to_varchar", "tostring"),
    "group_concat(s, ', ')": ("listagg",),
    "json_group_array(x)": ("array_agg", "json_agg", "jsonb_agg", "json_arrayagg", "collect_list"),
    "json_group_object(s, x)": ("object_agg", "json_object_agg", "jsonb_object_agg"),
    "count(*) FILTER (WHERE x > 0)": ("count_if", "countif"),
    "count(DISTINCT x)": ("approx_count_distinct", "approx_distinct", "hll"),
    "sum(x) FILTER (WHERE y > 0)": ("sumif", "sum_if"),
    "max(x)": ("bool_or", "any_value"),
    "min(x)": ("bool_and", "every"),
    "substr(s, 1, 2)": ("left",),
    "substr(s, -2)": ("right",),
    "length(s)": ("len", "char_length", "character_length"),
    "instr(s, 'b')": ("position", "strpos", "charindex", "locate"),
    "list ->> '$[0]'": ("json_extract_path_text", "get_path", "parse_json", "json_value"),
    "random()": ("rand",),
    "upper(s)": ("ucase",),
    "lower(s)": ("lcase",),
    "upper(substr(s, 1, 1)) || lower(substr(s, 2))": ("initcap",),
    "unicode(s)": ("ascii",),
    "char(x)": ("chr",),
    "format('%10s', s)": ("lpad",),
    "format('%-10s', s)": ("rpad",),
    "split_part(s, '-', 1)": ("substring_index", "split", "string_split"),
    "s REGEXP '^[a-z]'": ("regexp_like", "regexp_matches", "regexp_contains", "rlike"),
    "lower(hex(randomblob(16)))": ("uuid", "gen_random_uuid", "newid"),
    "x / nullif(y, 0)": ("safe_divide", "div0"),
    "trunc(x)": ("truncate",),
    "strftime('%M', day)": ("minute",),
    "strftime('%S', day)": ("second",),
    "strftime('%V', day)": ("week", "weekofyear", "isoweek"),
    "percentile_cont(x, 0.9)": ("quantile", "approx_percentile", "approx_quantile"),
    "stddev_pop(x)": ("std", "stdevp"),
    "age_days(day, later)": ("age",),
}
_FUNCTIONS = {name: text for text, names in EXPRESSIONS.items() for name in names}

_SUMS = "Add a SELECT of the totals with UNION ALL: SQLite has no ROLLUP, CUBE or GROUPING SETS."
_PROCEDURES = "SQLite has no procedures or variables: use --param, a table of your own, or Python."
_STORED = (
    "Store the rows in a table of your own, CREATE TABLE … AS SELECT …; a view, CREATE VIEW … AS "
    "SELECT …, reads the API each time."
)
_CAST = "Write CAST(… AS …). In SQLite it never fails: a text that begins with no number is 0."
_PLAIN = "Write a time as a plain text, such as '2026-01-31'."
_INTERVAL = "Add an interval with a modifier, as in date(day, '+1 month')."
_FILES = (
    ".import FILE TABLE reads a CSV file in the shell; .once FILE, or --output FILE, writes one."
)
_ALTER = "ALTER TABLE renames, adds and drops columns; for the rest create a new table."
_CATALOG = (
    "SHOW TABLES lists the tables and DESCRIBE a table's columns; as tables they are "
    "billql.catalog.resources and billql.catalog.columns, and pragma_table_list for your own."
)
_JSON = "Read the elements of an array with json_each(…), which is a table."


class _Phrase(NamedTuple):
    """Keywords at which SQLite stops: at one of them, or up to `reach` tokens behind them."""

    text: str
    hint: str
    reach: int = 1
    begins: bool = False
    """Whether they are the first of the statement."""


PHRASES = (
    _Phrase("CREATE MATERIALIZED", _STORED, begins=True),
    _Phrase(
        "REFRESH MATERIALIZED",
        "Empty your table with DELETE, and fill it with INSERT again.",
        begins=True,
    ),
    _Phrase(
        "CREATE DATABASE", "A database is a file: --db FILE, or ATTACH 'FILE' AS name.", begins=True
    ),
    _Phrase("CREATE SCHEMA", "A schema is a database file: ATTACH 'FILE' AS name.", begins=True),
    _Phrase("CREATE FUNCTION", _PROCEDURES, begins=True),
    _Phrase("CREATE PROCEDURE", _PROCEDURES, begins=True),
    _Phrase("DECLARE", _PROCEDURES, begins=True),
    _Phrase("CALL", _PROCEDURES, begins=True),
    _Phrase(
        "SET", "USE makes names short, PRAGMA sets SQLite, and --param a parameter.", begins=True
    ),
    _Phrase("TRUNCATE", "Write DELETE FROM …, which empties a table.", begins=True),
    _Phrase("MERGE INTO", "Write INSERT INTO … ON CONFLICT (…) DO UPDATE SET ….", begins=True),
    _Phrase("START TRANSACTION", "Write BEGIN.", begins=True),
    _Phrase(
        "GRANT", "SQLite has no users; what may read the file may read its tables.", begins=True
    ),
    _Phrase("COPY", _FILES, begins=True),
    _Phrase("LOAD DATA", _FILES, begins=True),
    _Phrase("UNLOAD", _FILES, begins=True),
    _Phrase("CREATE OR REPLACE", "Drop it first, as in DROP VIEW IF EXISTS …"),
    _Phrase("ON DUPLICATE", "Write ON CONFLICT (…) DO UPDATE SET …."),
    _Phrase("MODIFY", _ALTER),
    _Phrase("ALTER COLUMN", _ALTER),
    _Phrase("SELECT TOP", "Write LIMIT and the number at the end."),
    _Phrase("FETCH FIRST", "Write LIMIT and the number."),
    _Phrase("FETCH NEXT", "Write LIMIT and the number."),
    _Phrase("DISTINCT ON", "Number the rows by row_number() OVER (PARTITION BY …) in a subquery."),
    _Phrase("QUALIFY", "Select the window function in a subquery, with its condition outside."),
    _Phrase("ILIKE", "Write LIKE, which ignores the case of ASCII letters."),
    _Phrase("SIMILAR TO", "Write REGEXP, as in s REGEXP '^a'."),
    _Phrase("RLIKE", "Write REGEXP, as in s REGEXP '^a'."),
    _Phrase("~", "Write REGEXP, as in s REGEXP '^a'."),
    _Phrase("WITHIN GROUP", "Write percentile_cont(x, 0.9) or string_agg(s, ', ' ORDER BY s)."),
    _Phrase("INTERVAL", _INTERVAL),
    _Phrase("TRY_CAST (", _CAST, reach=20),
    _Phrase("SAFE_CAST (", _CAST, reach=20),
    _Phrase("EXTRACT (", "Write year(day), quarter(day), month(day) or day(day).", reach=3),
    _Phrase("ISNULL (", "Write ifnull(x, y)."),
    _Phrase("CURRENT_DATE (", "Write current_date without parentheses."),
    _Phrase("CURRENT_TIMESTAMP (", "Write current_timestamp without parentheses."),
    _Phrase("GROUP BY ALL", "Name the columns, or count them, as in GROUP BY 1, 2."),
    _Phrase("GROUPING SETS", _SUMS),
    _Phrase("* EXCLUDE", "Name the columns that you want; DESCRIBE lists them."),
    _Phrase("* EXCEPT (", "Name the columns that you want; DESCRIBE lists them.", reach=0),
    _Phrase("PIVOT (", "Write a column for each: sum(x) FILTER (WHERE s = 'a').", reach=0),
    _Phrase("LATERAL", "SQLite has no LATERAL: use a subquery in the SELECT, or a join."),
    _Phrase("MINUS", "Write EXCEPT."),
)
_SPLIT = tuple((phrase.text.split(), phrase) for phrase in PHRASES)


def on_function(name: str) -> str | None:
    """Return what to write for a function that SQLite does not have, by its name in lower case."""
    if name in ("rollup", "cube"):
        return _SUMS
    if name in ("unnest", "flatten", "explode"):
        return _JSON
    return f"Write {_FUNCTIONS[name]}." if name in _FUNCTIONS else None


def on_table(parts: Sequence[str]) -> str | None:
    """Return what to write for a table that SQLite does not have, by the parts of its name."""
    first = parts[0].lower()
    if first in ("information_schema", "pg_catalog") or parts[-1].lower().startswith("pg_"):
        return _CATALOG
    if parts[-1].lower() in ("unnest", "flatten", "explode", "table"):
        return _JSON
    return "Leave FROM dual out." if first == "dual" else None


def on_column(token: Token, following: Token | None) -> str | None:
    """Return what to write for a name that is no column but begins a literal, as in DATE '…'."""
    if following is None or following.kind not in ("string", "number"):
        return None
    by_keyword = {"DATE": _PLAIN, "TIMESTAMP": _PLAIN, "INTERVAL": _INTERVAL}
    return by_keyword.get(token.keyword)


def on_syntax(tokens: Sequence[Token], at: int) -> str | None:
    """Return what to write for the syntax at which SQLite has stopped, at a character."""
    place = next((n for n, token in enumerate(tokens) if token.end > at), len(tokens))
    colons = [token.text[:1] for token in tokens[place : place + 2]]
    if colons == [":", ":"]:  # x::integer
        return _CAST
    return next(_phrases_at(tokens, place), None)


def _phrases_at(tokens: Sequence[Token], place: int) -> Iterator[str]:
    written = [token.keyword or token.text for token in tokens]
    for keywords, phrase in _SPLIT:
        last = 0 if phrase.begins else place
        for start in range(max(0, place - len(keywords) - phrase.reach + 1), last + 1):
            if written[start : start + len(keywords)] == keywords:
                yield phrase.hint
