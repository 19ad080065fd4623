"""What parameters and members are called, where several methods read one resource."""

from __future__ import annotations

import pytest

from billql.definitions.methods import Rows
from billql.definitions.model import Resource
from billql.definitions.stackql.columns import convert
from billql.definitions.stackql.methods import Member, Reading
from billql.definitions.stackql.naming import as_written, free, snake_case
from billql.definitions.stackql.requests import Argument
from billql.definitions.types import ColumnType


def reading(
    name: str,
    keys: str,
    members: str,
    *,
    is_list: bool,
    optional: str = "",
    kind: ColumnType = "text",
) -> Reading:
    arguments = [
        *(Argument(one, "path", True, "text", "A key.") for one in keys.split()),
        *(Argument(one, "query", False, "text", "A filter.") for one in optional.split()),
    ]
    rows = {one: Member(one, kind, "A member.") for one in members.split()}
    at = Rows(at="[]" if is_list else "")
    return Reading(name, "GET /", "", arguments, None, rows, at, is_list, None, None, None)


def made(*found: Reading) -> Resource:
    return convert(list(found), as_written, "a.b.c", "Things.")[0]


def names(resource: Resource) -> str:
    return " ".join(resource.columns)


def test_a_key_of_one_row_beside_a_list_is_the_rows_own() -> None:
    found = made(
        reading("list", "", "id name", is_list=True), reading("get", "id", "id name", is_list=False)
    )
    assert names(found) == "id name"
    parameter = found.methods["get"].parameters["id"]
    assert (parameter.column, parameter.match) == ("id", "superset")
    assert found.methods["get"].single
    assert not found.methods["list"].single


def test_a_key_of_a_list_owns_its_name() -> None:
    found = made(
        reading("all", "", "zone name", is_list=True), reading("list", "zone", "zone", is_list=True)
    )
    assert names(found) == "zone zone_returned name"
    assert found.columns["zone"].hidden
    assert found.columns["zone"].path == "$parameter"
    assert found.columns["zone_returned"].path == "zone"


def test_a_key_that_every_method_needs_is_shown() -> None:
    found = made(
        reading("list", "p", "id", is_list=True), reading("get", "p id", "id", is_list=False)
    )
    assert names(found) == "p id"
    assert not found.columns["p"].hidden


def test_a_key_that_is_no_value_in_the_rows_owns_its_name() -> None:
    found = made(
        reading("list", "", "owner", is_list=True, kind="json"),
        reading("get", "owner", "owner", is_list=False, kind="json"),
    )
    assert names(found) == "owner owner_returned"


def test_an_optional_filter_leaves_the_name_to_the_member() -> None:
    found = made(reading("list", "", "state", is_list=True, optional="state q"))
    assert names(found) == "state_parameter q state"
    assert found.methods["list"].parameters["state"].column == "state_parameter"


def test_names_that_sqlite_does_not_tell_apart() -> None:
    found = made(reading("list", "", "id ID connection", is_list=True, optional="Id"))
    assert names(found) == "Id_parameter id ID_2 connection_2"
    assert found.columns["ID_2"].path == "ID"


def test_members_that_methods_write_in_two_ways() -> None:
    found = made(
        reading("list", "", "n", is_list=True, kind="integer"),
        reading("get", "k", "n m", is_list=False, kind="real"),
    )
    assert {name: one.type for name, one in found.columns.items()} == {
        "k": "text",
        "n": "real",
        "m": "real",
    }


def test_rows_of_two_forms_do_not_become_one_table() -> None:
    scalars = reading("list", "", "id", is_list=True)
    scalars.members["id"] = scalars.members["id"]._replace(path="$value")
    found = [reading("get", "id", "id", is_list=False), scalars]
    assert convert(found, as_written, "a.b.c", "Things.")[1] == {
        "list": "rows of another form than those of the other methods"
    }


def test_no_more_parameters_than_sqlite_tells_apart() -> None:
    many = " ".join(f"p{number}" for number in range(100))
    found = made(reading("list", "key", "id", is_list=True, optional=many))
    assert len(found.columns) == 63
    assert len(found.methods["list"].parameters) == 62


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LayerName", "layer_name"),
        ("layerName", "layer_name"),
        ("VPCId", "vpc_id"),
        ("ResourceARNs", "resource_arns"),
        ("already_snake", "already_snake"),
        ("x-amz-id", "x_amz_id"),
        ("id", "id"),
    ],
)
def test_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_names_are_free_of_what_ends_them() -> None:
    assert as_written('a"b;c') == "a_b_c"
    assert as_written("@odata.type") == "@odata.type"
    assert as_written("") == "_"
    taken = {"a"}
    assert [free("A", taken), free("a", taken)] == ["A_2", "a_3"]
