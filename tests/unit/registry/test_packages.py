"""Packages: one way to write each, and nothing else is taken for one."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.registry import RegistryError
from billql.registry.definitions import files
from billql.registry.package import FILE_LIMIT, MOST_FILES, PACKAGE_LIMIT, pack, unpack

FILES = {"provider.yaml": b"billql: 1\n", "billing.yaml": b"a: \xc3\xa9\n" * 200, "empty.yaml": b""}

names = st.from_regex(r"[a-z][a-z0-9_]{0,63}\.yaml", fullmatch=True)


def tar(*members: tarfile.TarInfo, content: bytes = b"") -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as made:
        for member in members:
            made.addfile(member, io.BytesIO(content[: member.size]))
    return archive.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size = kind, size
    return made


@given(st.dictionaries(names, st.binary(max_size=2000), max_size=5))
def test_what_is_packed_is_unpacked(packed: dict[str, bytes]) -> None:
    assert unpack(pack(packed)) == packed


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder, order in zip(folders, (sorted(FILES), sorted(FILES, reverse=True)), strict=True):
        folder.mkdir()
        for name in order:
            (folder / name).write_bytes(FILES[name])
            (folder / name).chmod(0o600 if folder.name == "one" else 0o755)
        (folder / "notes.txt").write_text("Not a definition.")
    one, other = (pack(files(folder)) for folder in folders)
    assert one == other


def test_other_tools_read_a_package() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(FILES))) as archive:
        found = archive.getmembers()
    assert [one.name for one in found] == sorted(FILES)
    assert {(one.mtime, one.mode, one.uid, one.gid, one.uname) for one in found} == {
        (0, 0o644, 0, 0, "")
    }


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd.yaml",
        "../evil.yaml",
        "a/b.yaml",
        "a\\b.yaml",
        "C:evil.yaml",
        "..",
        ".",
        ".hidden.yaml",
        "billing.yml",
        "Billing.yaml",
        "billing.yaml\n",
        "billing.yaml ",
        "billing.yaml.",
        "bílling.yaml",
        "bil\u200bling.yaml",
        "-o.yaml",
        "x" * 90 + ".yaml",
        "x" * 200 + ".yaml",
    ],
)
def test_a_name_that_is_not_plain(name: str) -> None:
    with pytest.raises(RegistryError):
        unpack(tar(member(name)))
    with pytest.raises(RegistryError, match="not the name of a definition"):
        pack({name: b""})


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
        tarfile.CONTTYPE,
        tarfile.GNUTYPE_SPARSE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        b"V",
    ],
)
def test_what_is_not_a_plain_file(kind: bytes) -> None:
    one = member("billing.yaml", kind)
    one.linkname = "/etc/passwd"
    with pytest.raises(RegistryError, match="not a plain"):
        unpack(tar(one))


def test_a_name_that_stands_there_twice() -> None:
    with pytest.raises(RegistryError, match=r"billing\.yaml twice"):
        unpack(tar(member("billing.yaml"), member("billing.yaml")))


def test_a_file_that_is_said_to_be_huge() -> None:
    for size in (FILE_LIMIT + 1, 8**11 - 1, 1 << 60):
        header = member("billing.yaml", size=size).tobuf(tarfile.GNU_FORMAT)
        with pytest.raises(RegistryError, match=f"with {size} bytes"):
            unpack(header)


def test_a_file_of_less_than_nothing() -> None:
    header = bytearray(member("billing.yaml").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 12  # minus one, in base 256
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(RegistryError, match="with -1 bytes"):
        unpack(bytes(header))


def test_too_many_files() -> None:
    many = [member(f"a{number}.yaml") for number in range(MOST_FILES + 1)]
    with pytest.raises(RegistryError, match=f"more than {MOST_FILES}"):
        unpack(tar(*many))
    with pytest.raises(RegistryError, match="too many"):
        pack({one.name: b"" for one in many})


def test_too_much_at_all() -> None:
    large = {f"a{number}.yaml": bytes(FILE_LIMIT) for number in range(4)}
    with pytest.raises(RegistryError, match="too large"):
        pack(large)
    with pytest.raises(RegistryError, match="larger than"):
        unpack(bytes(PACKAGE_LIMIT + 1))


def test_a_packed_bomb_is_not_even_unpacked() -> None:
    with pytest.raises(RegistryError, match="not a plain tar"):
        unpack(gzip.compress(bytes(1 << 20)))


def test_one_file_less_or_one_byte_more() -> None:
    data = pack(FILES)
    for changed in (b"", data[:-1], data[:-512], data + b"\0", data + bytes(10240), data[512:]):
        with pytest.raises(RegistryError):
            unpack(changed)
    for length in range(0, len(data), 100):
        with pytest.raises(RegistryError):
            unpack(data[:length])


def test_no_byte_of_the_headers_may_be_another() -> None:
    """What is not content says nothing new: whatever is changed there is refused."""
    rng = random.Random(1)
    content = {"a.yaml": b"x" * 512}
    data = pack(content)
    for position in [*range(512), *range(1024, len(data))]:
        changed = bytearray(data)
        changed[position] ^= rng.randrange(1, 256)
        with pytest.raises(RegistryError):
            unpack(bytes(changed))


@given(st.binary(max_size=3000))
def test_any_other_bytes(data: bytes) -> None:
    with pytest.raises(RegistryError):
        unpack(data)


@given(st.binary(min_size=512, max_size=512), st.sampled_from((0, 100, 124, 156, 257, 345)))
def test_any_header_with_a_right_checksum(noise: bytes, start: int) -> None:
    header = bytearray(member("billing.yaml").tobuf(tarfile.USTAR_FORMAT))
    header[start:] = noise[start:]
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(RegistryError):
        unpack(bytes(header) + bytes(1024))
