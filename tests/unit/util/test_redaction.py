"""Taking secrets out of texts."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from billql.util.redaction import Redaction

SECRET = "sk_live_51H/8xQz+Pw=='\"Vb7"


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.upper(),
        quote(SECRET, safe=""),
        quote(SECRET).lower(),
        json.dumps(SECRET)[1:-1],
        repr(SECRET)[1:-1],
        json.dumps(repr({"authorization": SECRET}))[20:-4],
        SECRET[:14],
        SECRET[5:],
    ],
)
def test_a_secret_is_taken_out_in_every_form(form: str) -> None:
    assert Redaction([SECRET])(f"before ({form}) after") == "before (…) after"


def test_what_is_no_part_of_it_stays() -> None:
    hide = Redaction(["abcdefghijklmnop", "pass"])
    assert hide("abcdefghijk, pas, Ä and ß") == "abcdefghijk, pas, Ä and ß"
    assert hide("xabcdefghijklmnopx pass PASSpassword") == "x…x … …word"
    assert hide("") == ""


def test_several_secrets_side_by_side_are_one_mark() -> None:
    assert Redaction(["secret"])("secretsecret and secret") == "… and …"
    assert Redaction([])("secret") == "secret"
    assert Redaction([""])("secret") == "secret"


def test_a_short_one_may_stand_in_a_text_by_chance() -> None:
    hide = Redaction(["bills", SECRET])
    assert not hide.is_in("GET https://api.example.com/bills")
    assert hide.is_in(f"GET https://api.example.com/{quote(SECRET)}")
