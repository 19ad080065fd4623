"""Definitions of strangers that bomb, nest or never end, and what is no file at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .case import Case
from .strangers import (
    MEGABYTE,
    PROMISE,
    PROVIDER,
    Special,
    laughs,
    of_provider,
    of_service,
    provider,
    runner,
    service,
)
from .words import LONG, WORDS

ALIASES = r"yaml:\d+: anchors and aliases are not used here"
TAGGED = r"yaml:\d+: the tag .* is not used here"
DEEP = r"yaml:\d+: nested deeper than 40 levels"
LARGE = r"yaml:1: larger than 4194304 bytes"
MANY = r"yaml:\d+: more than 100000 keys and values"
NOT_YAML = r"yaml:\d+: not YAML"

YAML = {
    "a billion laughs": provider(laughs(10), ALIASES),
    "a thousand kinds of laughs": provider(laughs(1000), ALIASES),
    "a long text a thousand times": provider(f"a: &a {'x' * 9999}\nb: [{'*a, ' * 999}]", ALIASES),
    "a list in itself": service("a: &a [*a]", ALIASES),
    "a map merged with itself": service("a: &a {<<: *a}", ALIASES),
    "an anchor that nobody uses": of_service("things:", "things: &x", ALIASES),
    **{
        f"the tag {tag}": of_provider("title: Evil", f"title: {tag} [touch made]", TAGGED)
        for tag in (
            "!!python/object/apply:os.system",
            "!!python/object/new:os.system",
            "!!python/module:os",
            "!!binary",
            "!include",
            "!<tag:yaml.org,2002:python/object/apply:os.system>",
        )
    },
    "a tag under another name": provider(
        f"%TAG !p! tag:yaml.org,2002:python/\n---\n{PROVIDER}x: !p!object/apply:os.system [ls]",
        TAGGED,
    ),
    "100,000 lists in each other": provider("[" * 100_000, DEEP),
    "100,000 maps in each other": service("{a: " * 100_000, DEEP),
    "2,000 lines deep": service("".join(f"{' ' * n}a:\n" for n in range(2000)), DEEP),
    "100 MB of nothing": provider(lambda: bytes(100 * MEGABYTE), LARGE),
    "100 MB of blanks": provider(lambda: b" " * 100 * MEGABYTE, LARGE),
    "a text of 100 MB": provider(lambda: b"a" * 100 * MEGABYTE, LARGE),
    "a text of 4 MB": of_provider("Evil", "E" * 4_000_000, LONG),
    "a quoted text of 4 MB": of_provider("Evil", '"' + r"\x41" * 1_000_000 + '"', LONG),
    "a text of 4 MB over lines": of_provider("Evil", "E\n  " * 1_000_000, LONG),
    "a key of 4 MB": of_service("id:", f"? {'i' * 4_000_000}\n      :", LONG),
    "a comment of 4 MB": provider(f"{PROVIDER}# {'#' * 4_000_000}", ""),
    "2,000,000 items": service(f"a: [{'1,' * 2_000_000}]", MANY),
    "300,000 keys": service("".join(f"a{n}: 1\n" for n in range(300_000)), MANY),
    "300,000 empty maps": service("{},\n" * 300_000, NOT_YAML),
    "a million empty lists": service(f"[{'[],' * 1_000_000}]", MANY),
    "a key twice": provider(f"{PROVIDER}title: Another", r"yaml:\d+: title: this key stands here"),
    "a key twice, once in quotes": of_service(
        "id:", '"id": {type: text, description: Another.}\n      id:', "this key stands here twice"
    ),
    "a key that is a list": provider(f"{PROVIDER}[a]: b", r"yaml:\d+: a key must be a plain text"),
    "a NUL": of_provider("Evil", "E\0vil", NOT_YAML),
    "a NUL in quotes": of_provider("Evil", r'"E\0vil"', ""),
    "half a letter": of_provider("Evil", r'"\ud800"', NOT_YAML),
    "a letter beyond all": of_provider("Evil", r'"\U00110000"', NOT_YAML),
    "letters that steer a terminal": of_provider("Evil", r'"\e[2J\e]0;x\a"', ""),
    "bytes that are no text": provider(PROVIDER.encode() + b"x: \xff\xfe", NOT_YAML),
    "Latin-1": provider(PROVIDER.replace("Evil", "Übel").encode("latin-1"), NOT_YAML),
    "UTF-16": provider(PROVIDER.encode("utf-16"), ""),
    "UTF-32": provider(PROVIDER.encode("utf-32"), NOT_YAML),
    "letters in more bytes than needed": provider(PROVIDER.encode() + b"x: \xc0\xaf", NOT_YAML),
    "a mark of order in the middle": provider(f"{PROVIDER}\ufeffx: 1", r"yaml:\d+: "),
    "two documents": provider(f"{PROVIDER}---\n{PROVIDER}", r"yaml:\d+: a second document"),
    "a JPEG": provider(b"\xff\xd8\xff\xe0\0\x10JFIF\0", NOT_YAML),
    "a device without an end": service(
        Special(lambda path: path.symlink_to("/dev/zero")), "it is not a file"
    ),
    "a pipe that nobody writes to": service(Special(os.mkfifo), "it is not a file"),
    "a pipe as the provider": provider(Special(os.mkfifo), "it is not a file"),
    "a folder": service(Special(Path.mkdir), "cannot be read"),
    "a link to itself": service(Special(lambda path: path.symlink_to(path)), "cannot be read"),
}


def cases() -> Iterator[Case]:
    """Give a case for each attack."""
    for name, attack in {**YAML, **WORDS}.items():
        yield Case(PROMISE, f"a definition with {name}", runner(attack), name in QUICK)


QUICK = {
    "a billion laughs",
    "the tag !!python/object/apply:os.system",
    "2,000,000 items",
    "a pipe that nobody writes to",
    "an address with a name and a password",
}
