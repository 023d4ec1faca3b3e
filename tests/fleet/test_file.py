"""`fleet.toml`, lists of addresses and globs: what they mean, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from hclmod.errors import HclmodError
from hclmod.fleet import file
from hclmod.git.address import Address, address
from tests.support.demo import ROOT
from tests.support.fleet import make

HERE = Path("/nowhere")


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("stacks = []\n")
    text = """
[fleet]
phases = [3]
jobs = 4
timeout = "2m"
rate = { "git.example.net" = "2/s", "slow.example.net" = "30/h" }
tags = "tags.json"
[[repo]]
url = "https://git.example.net/a/b.git"
base = "trunk"
[[repo]]
path = "checkout"
config = "own.toml"
phases = [1, 2]
"""
    fleet = file.parse(text.encode(), tmp_path / "fleet.toml")
    first, second = fleet.members
    assert (first.address.url, first.base, first.phases) == ("https://git.example.net/a/b.git", "trunk", ())
    assert (second.address.url, second.config, second.phases) == (str(tmp_path / "checkout"), b"stacks = []\n", (1, 2))
    assert (fleet.timeout, fleet.jobs, fleet.rate) == (120.0, 4, {"git.example.net": 0.5, "slow.example.net": 120.0})
    assert (fleet.tags, fleet.ledger) == (tmp_path / "tags.json", tmp_path / "fleet.ledger.jsonl")


WRONG = {
    "[fleet": "not TOML",
    '[[repo]]\nurl = "a"\npath = "b"\n': "repo[0]: write either `url` or `path`",
    "[[repo]]\nbase = 'main'\n": "repo[0]: write either `url` or `path`",
    "[fleet]\njob = 2\n": "did you mean `jobs`?",
    "[fleet]\nphases = ['3']\n": "write a list of phases",
    "[fleet]\nphases = [true]\n": "write a list of phases",
    "[fleet]\ntimeout = '2 minutes'\n": 'write a time such as "120s"',
    "[fleet]\nrate = { 'a' = 'often' }\n": 'write a rate such as "1/s"',
    "[fleet]\nexecutor = 'threads'\n": 'write "processes" or "dask:tcp://HOST:PORT"',
    "[fleet]\njobs = -1\n": "write a number from 0 on",
    "[fleet]\ntokens = { 'a' = 'x y' }\n": "write the name of a variable",
    "[[repo]]\nurl = 'ext::sh -c id'\n": "is not an address",
    "[[repo]]\nurl = ''\n": "repo[0].url: write a name",
    "[[repo]]\npath = ''\n": "repo[0].path: write a name",
    '[fleet]\nconfig = "a\\u0000"\n': "fleet.config: write a name",
    "[fleet]\nledger = ''\n": "fleet.ledger: write a name",
    "[fleet]\nphases = [3, 3]\n": "write each phase once",
    "[fleet]\npaths = ['~nobody-of-this-name/*']\n": "there is no such person",
    "[[repo]]\npath = '~nobody-of-this-name/a'\n": "there is no such person",
    "[fleet]\ntags = '~nobody-of-this-name/a'\n": "there is no such person",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_meant_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(HclmodError) as caught:
        file.parse(text.encode(), tmp_path / "fleet.toml")
    assert WRONG[text] in str(caught.value)


ADDRESSES = {
    "https://git.example.net/a.git": Address("https://git.example.net/a.git"),
    "https://ann:pa%3Ass@git.example.net/a.git": Address("https://git.example.net/a.git", "ann", "pa:ss"),
    "https://ann@git.example.net:8443/a": Address("https://git.example.net:8443/a", "ann"),
    "ssh://git:secret@git.example.net/a.git": Address("ssh://git@git.example.net/a.git"),
    "git@git.example.net:a/b.git": Address("git@git.example.net:a/b.git"),
    "git@git.example.net:/srv/b.git": Address("git@git.example.net:/srv/b.git"),
    "git://git.example.net/a": Address("git://git.example.net/a"),
    "some/folder": Address("/nowhere/some/folder"),
    "/some/folder": Address("/some/folder"),
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_a_login_is_taken_out_of_an_address(text: str) -> None:
    assert address(text, HERE) == ADDRESSES[text]


@pytest.mark.parametrize(
    "text", ["https://ann:pa55@[a", "https://ann:pa55@a/\x01", "https://ann:pa55@a/\x9b", "-ann:pa55@a:b"]
)
def test_what_is_no_address_is_named_without_its_login(text: str) -> None:
    with pytest.raises(HclmodError, match="is not an address") as caught:
        address(text, HERE)
    assert "pa55" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "a\udcff", "ext::sh -c id", "--upload-pack=id", "a\nb", "fd::7", "ftp://a/b", "javascript://a"]
)
def test_what_git_may_not_be_given(text: str) -> None:
    with pytest.raises(HclmodError):
        address(text, HERE)


def test_the_guide_has_every_key() -> None:
    guide = (ROOT / "docs/guides/fleet.md").read_text()
    for name, key in ((name, key) for keys in file.KEYS.values() for name, key in keys.items()):
        default = "" if key.default is None else f" Default: `{key.default}`."
        assert f"| `{name}` | {key.about}{default} |" in guide


def test_a_list_on_standard_input() -> None:
    fleet = file.read("-", b"\xef\xbb\xbf# ours\r\nhttps://git.example.net/a\n\n  git@git.example.net:b\n")
    assert [each.address.url for each in fleet.members] == ["https://git.example.net/a", "git@git.example.net:b"]


def test_a_glob_finds_checkouts_alone(tmp_path: Path) -> None:
    for name in ("b", "a"):
        make(tmp_path / name / ".git", {})
    (tmp_path / "c").mkdir()
    fleet = file.read(str(tmp_path / "*"))
    assert [each.address.url for each in fleet.members] == [str(tmp_path / name) for name in ("a", "b")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_may_not_be_looked_into_is_not_passed_over(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make(tmp_path / name / ".git", {})
    (tmp_path / "a").chmod(0)
    try:
        assert len(file.read(str(tmp_path / "*")).members) == 2
    finally:
        (tmp_path / "a").chmod(0o755)


def test_a_folder_may_have_a_name_that_looks_like_a_glob(tmp_path: Path) -> None:
    make(tmp_path / "[prod]/a b/.git", {})
    fleet = file.parse(b"[fleet]\npaths = ['a *']\n", tmp_path / "[prod]/fleet.toml")
    assert [each.address.url for each in fleet.members] == [str(tmp_path / "[prod]/a b")]


TWICE = [
    ("https://git.example.net/a", "https://git.example.net/a.git"),
    ("https://git.example.net/a", "https://me@git.example.net/a/"),
    ("https://git.example.net/a", "https://Git.Example.net/a.git/"),
    ("git@git.example.net:a/b", "git@Git.example.net:a/b.git"),
    ("ssh://git@git.example.net/a", "ssh://git@git.example.net/a.git"),
]


@pytest.mark.parametrize("both", TWICE)
def test_two_spellings_of_one_repository_are_refused(both: tuple[str, str]) -> None:
    with pytest.raises(HclmodError, match="names a repository twice"):
        file.read("-", "\n".join(both).encode())


@pytest.mark.parametrize(
    "both",
    [
        ("https://git.example.net/a", "https://git.example.net/A"),
        ("https://git.example.net/a", "https://git.example.net:8443/a"),
        ("me@git.example.net:a", "you@git.example.net:a"),
        ("/srv/a", "/srv/a.git"),
    ],
)
def test_repositories_that_may_differ_are_two(both: tuple[str, str]) -> None:
    assert len(file.read("-", "\n".join(both).encode()).members) == 2


@pytest.mark.parametrize("query", ["private_token=pa55", "x=1&access_token=pa55"])
def test_a_secret_behind_an_address_is_refused_and_not_shown(tmp_path: Path, query: str) -> None:
    url = f"https://git.example.net/a?{query}"
    (tmp_path / "fleet.toml").write_text(f'[[repo]]\nurl = "{url}"\n')
    for name, stdin in (("-", url.encode()), (str(tmp_path / "fleet.toml"), b"")):
        with pytest.raises(HclmodError, match="has a secret behind its") as caught:
            file.read(name, stdin)
        assert "pa55" not in str(caught.value)
    assert file.read("-", b"https://git.example.net/a?x=1").members


def test_variables_without_a_token_are_known() -> None:
    tokens = {"a.net": "OURS", "b.net": "THEIRS", "c.net": "THEIRS", "d.net": "NONE"}
    fleet = file.Fleet(members=(), tokens=tokens)
    assert file.unset(fleet, {"OURS": "t", "THEIRS": " "}) == ["NONE", "THEIRS"]
    assert file.unset(replace(fleet, executor="dask:tcp://a:1"), {}) == []


def test_a_cache_is_named_from_the_folder_of_the_file(tmp_path: Path) -> None:
    text = b'[fleet]\ncache = "clones"\n[[repo]]\nurl = "https://git.example.net/a"\n'
    assert file.parse(text, tmp_path / "fleet.toml").cache == str(tmp_path / "clones")
    there = text.replace(b"[fleet]", b'[fleet]\nexecutor = "dask:tcp://a:1"')
    assert file.parse(there, tmp_path / "fleet.toml").cache == "clones", "that is on other machines"


@pytest.mark.parametrize(("name", "stdin"), [("-", b""), ("-", b"/a\n/a\n"), ("nothing-here-*", b"")])
def test_an_empty_list_and_one_that_repeats_itself_are_refused(name: str, stdin: bytes) -> None:
    with pytest.raises(HclmodError):
        file.read(name, stdin)


def test_a_phase_is_needed_and_the_command_line_wins() -> None:
    fleet = file.read("-", b"/a\n")
    with pytest.raises(HclmodError, match="no phase to do"):
        file.settled(fleet, None, None)
    assert file.settled(fleet, 3, None).members[0].phases == (3,)
