from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod import txtar
from hclmod.errors import HclmodError

CASE = b"""\
-- case.toml --
silent = true
-- before/main.tf --
a = 1

-- before/empty.tf --
-- after/main.tf --
a = 2
-- earlier/main.tf --
a = 0
"""
FILES = {
    "case.toml": b"silent = true\n",
    "before/main.tf": b"a = 1\n\n",
    "before/empty.tf": b"",
    "after/main.tf": b"a = 2\n",
    "earlier/main.tf": b"a = 0\n",
}


def test_a_case_is_read_and_written() -> None:
    assert txtar.read(CASE, "x.txtar") == FILES
    assert txtar.write(FILES) == CASE
    assert txtar.fits(FILES)


def test_parts_are_written_in_their_order_and_files_as_they_come() -> None:
    files = {name: FILES[name] for name in reversed(FILES)}
    names = [line for line in txtar.write(files).splitlines() if line.startswith(b"-- ")]
    assert names == [
        b"-- case.toml --", b"-- before/empty.tf --", b"-- before/main.tf --", b"-- after/main.tf --",
        b"-- earlier/main.tf --",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "x.txtar:1: no section is before/..."),
        (b"-- case.toml --\n-- after/main.tf --\n", "x.txtar:1: no section is before/..."),
        (b"# why\n-- before/main.tf --\n", "x.txtar:1: text above the first section"),
        (b"\n-- before/main.tf --\n", "x.txtar:1: text above the first section"),
        (b"-- before/main.tf --\n\n-- befor/main.tf --\n", "x.txtar:3: the section `befor/main.tf` is not case.toml"),
        (b"-- main.tf --\n", "x.txtar:1: the section `main.tf` is not case.toml"),
        (b"-- before --\n", "x.txtar:1: the section `before` is not case.toml"),
        (b"-- case.toml/main.tf --\n", "x.txtar:1: the section `case.toml/main.tf` is not case.toml"),
        (b"-- before/a --\n-- before/a --\n", "x.txtar:2: the section `before/a` stands there twice"),
        (b"-- before/../../a --\n", "x.txtar:1: the section `before/../../a` is not a plain path"),
        (b"-- before/ --\n", "x.txtar:1: the section `before/` is not a plain path"),
        (b"-- before//etc/a --\n", "x.txtar:1: the section `before//etc/a` is not a plain path"),
        (b"-- before/a\\b --\n", "is not a plain path"),
        (b"-- before/main.tf --\na = 1\r\n", "x.txtar:2: not UTF-8 text whose lines all end in a plain newline"),
        (b"-- before/main.tf --\n\na = 1", "x.txtar:3: not UTF-8"),
        (b'-- before/main.tf --\na = "\0"\n', "x.txtar:2: not UTF-8"),
        (b'-- before/main.tf --\na = "\xff"\n', "x.txtar:2: not UTF-8"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused_with_its_line(data: bytes, told: str) -> None:
    with pytest.raises(HclmodError) as caught:
        txtar.read(data, "x.txtar")
    assert told in caught.value.message


def test_blanks_around_a_name_do_not_count() -> None:
    assert txtar.read(b"--   before/main.tf  --\na\n", "x") == {"before/main.tf": b"a\n"}


@pytest.mark.parametrize(
    "data",
    [
        b"a\r\n", b"a", b"a\rb\n", b"\0\n", b"\xff\n", b"-- before/other.tf --\n", b"a\n-- anything --\n",
        "\ufefft\n".encode("utf-16"),
    ],
)  # fmt: skip
def test_bytes_that_a_text_file_does_not_keep_do_not_fit(data: bytes) -> None:
    assert not txtar.fits({"before/main.tf": data})
    assert not txtar.fits({"before/main.tf": b"", "earlier/main.tf": data})


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"--  --\n", b"-- --\n", b" -- before/a --\n", "\ufeff\u2028\x0c\n".encode()]
)
def test_odd_text_fits(data: bytes) -> None:
    assert txtar.fits({"before/main.tf": data})


@pytest.mark.parametrize("name", ["before/a ", "before/a\nb", "before/a\udcff", "before/a\\b"])
def test_odd_names_do_not_fit(name: str) -> None:
    assert not txtar.fits({name: b""})


LINES = st.sampled_from(
    [b"a = 1\n", b"\n", b"", b"-- x --\n", b"-- before/b --\n", b"--  --\n", b"\r\n", b"a", b"\xff"]
)
DATA = st.lists(LINES | st.text().map(str.encode) | st.binary(), max_size=4).map(b"".join)
NAMES = st.just("case.toml") | st.builds(
    "{}/{}".format, st.sampled_from(txtar.PARTS[1:]), st.sampled_from(["a", "b", "c/a.tf", "ä", "a b"]) | st.text()
)


@given(st.dictionaries(NAMES, DATA))
def test_what_fits_comes_back_byte_for_byte(files: dict[str, bytes]) -> None:
    if txtar.fits(files):
        assert txtar.read(txtar.write(files), "x.txtar") == files


PLAIN_NAMES = st.builds(
    "{}/{}".format, st.sampled_from(txtar.PARTS[1:]), st.from_regex(r"[a-z]+(/[a-z.]+\.tf)?", fullmatch=True)
)
PLAIN_LINES = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])).filter(
    lambda line: not line.startswith("-- ")
)
PLAIN = st.lists(PLAIN_LINES.map("{}\n".format), max_size=5).map("".join).map(str.encode)


@given(st.dictionaries(PLAIN_NAMES, PLAIN), PLAIN)
def test_plain_text_fits(files: dict[str, bytes], data: bytes) -> None:
    assert txtar.fits(files | {"before/main.tf": data})


@given(st.lists(st.sampled_from([b"-- case.toml --\n", b"-- before/a --\n", b"-- after/a --\n"]) | DATA).map(b"".join))
def test_whatever_is_read_can_be_written(data: bytes) -> None:
    try:
        files = txtar.read(data, "x.txtar")
    except HclmodError:
        return
    assert txtar.fits(files)
