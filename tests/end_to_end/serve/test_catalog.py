"""psql shows of billql's catalog what it shows of a real PostgreSQL with the same tables."""

from __future__ import annotations

import subprocess

import psycopg
import pytest

from billql.serve.postgres.server import PostgresServer
from prepare import find_psql
from support.wire_server import dsn

from . import mirror

# What is about the servers themselves differs: sizes, rights, the toast tables that PostgreSQL adds
# for long values, comments on its own objects, and `is_updatable`, for billql only reads.
ALIKE = r"""
\d
\d digitalocean_billing.invoices
\d+ digitalocean_billing.invoices
\d+ stripe_billing.invoices
\d charges
\d pg_attrdef_missing
\d information_schema.columns
\dt
\dt stripe_billing.*
\dt *.invoices
\dn
\df
\df pg_catalog.up*
\dv *.*
\dT
\dp
\ds
\di
\di pg_catalog.*
\dm
\dE
\do
\db
\drds
\dC
\dA
\dc
\dy
\det
\dRp
\ddp
\encoding
SELECT * FROM information_schema.schemata ORDER BY 2
SELECT table_schema, table_name, table_type FROM information_schema.tables ORDER BY 1, 2
SELECT table_catalog, table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, data_type, character_maximum_length, character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision, udt_catalog, udt_schema, udt_name, dtd_identifier, is_identity, is_generated FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 2, 3, 5
SELECT column_name, data_type, character_octet_length, numeric_precision, udt_name FROM information_schema.columns WHERE table_schema = 'pg_catalog' ORDER BY table_name, ordinal_position
SELECT * FROM information_schema.table_constraints WHERE table_schema = 'stripe_billing'
SELECT * FROM pg_tables ORDER BY 1, 2
SELECT oid, typname, typlen, typtype, typcategory, typelem, typarray, typinput, typreceive::regproc FROM pg_type WHERE typnamespace = 11 ORDER BY 1
SELECT t.typname, t.typtype, t.typcategory, e.typname, t.typdelim FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = 'stripe_billing' ORDER BY 1
SELECT proname, pronargs, prorettype::regtype, proargtypes, proargnames, prokind FROM pg_proc ORDER BY oid
SELECT * FROM pg_range ORDER BY 1
SELECT * FROM pg_cast ORDER BY oid
SELECT * FROM pg_constraint ORDER BY oid
SELECT * FROM pg_enum
SELECT n.nspname, c.relname, a.attname, a.atttypid::regtype, a.attnum, a.attlen, a.atttypmod, a.attnotnull, a.attstorage, a.attalign, a.attbyval, a.attcollation FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, 5
SELECT n.nspname, c.relname, c.relkind, c.relnatts, c.relpersistence, c.relhasindex, c.relam, c.reltype::regtype FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v') ORDER BY 1, 2
SELECT n.nspname, c.relname, d.objsubid, d.description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT LIKE 'pg\_%' ORDER BY 1, 2, 3
"""  # noqa: E501


@pytest.fixture(scope="module")
def places(server: PostgresServer, real: str) -> tuple[str, str]:
    ours = dsn(server)
    with psycopg.connect(ours) as source, psycopg.connect(real, autocommit=True) as target:
        target.execute("CREATE DATABASE catalogs")
        theirs = real.replace("dbname=billql", "dbname=catalogs")
        with psycopg.connect(theirs, autocommit=True) as fresh:
            mirror.schemas(source, fresh)
    return ours, theirs


def shown(place: str, commands: list[str]) -> list[str]:
    """Return what psql prints for each of some commands."""
    program = find_psql()
    assert program is not None
    mark = "-- the end of one"
    text = "".join(
        f"{command}{'' if command.startswith(chr(92)) else ';'}\n\\echo '{mark}'\n"
        for command in commands
    )
    found = subprocess.run(
        [program, "-X", "-q", place], input=text, capture_output=True, text=True, check=False
    )
    return found.stdout.replace("catalogs", "billql").split(f"{mark}\n")[:-1]


@pytest.mark.skipif(find_psql() is None, reason="there is no psql")
def test_psql_shows_the_same_of_both(places: tuple[str, str]) -> None:
    commands = [line for line in ALIKE.splitlines() if line]
    ours, theirs = (shown(place, commands) for place in places)
    assert len(ours) == len(theirs) == len(commands)
    different = [
        f"{command}\n{mine[:1500]}\n{other[:1500]}"
        for command, mine, other in zip(commands, ours, theirs, strict=True)
        if mine.replace(" ", "").replace("-", "") != other.replace(" ", "").replace("-", "")
    ]
    assert different == []
    assert "invoice_period" in ours[1]


@pytest.mark.skipif(find_psql() is None, reason="there is no psql")
def test_psql_lists_databases_and_copies(server: PostgresServer) -> None:
    commands = [r"\l", r"\copy (SELECT id, note FROM charges ORDER BY id LIMIT 2) TO STDOUT CSV"]
    listed, copied = shown(dsn(server), commands)
    assert "billql" in listed
    assert copied == "1,First\n2,\n"
