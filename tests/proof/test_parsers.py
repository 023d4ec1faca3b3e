"""What the real parsers accept, reject, and cannot be asked."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from hclmod.proof import parsers
from hclmod.proof.parsers import Absent, Accepted, Rejected

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="NO `terraform` ON THE PATH")
JUDGES = ["pygohcl", pytest.param("terraform fmt", marks=needs_terraform)]

VALID = [
    b"",
    b"a = 1\n",
    b"\xef\xbb\xbfa = 1\n",
    b"a = 1e10",
    b"a = <<EOT\r\nx\r\nEOT\r\n",
    b'b "l" {\n  c = [for x in y : x...]\n}\n'.replace(b"...", b""),
    b"# only a comment",
]
INVALID = [
    b"a = 1 b = 2\n",
    b"a = 1\na = 2\n",
    b"x { a = 1 b = 2 }\n",
    b"x { y { } }\n",
    b"x\n{\n}\n",
    b"a =\n1\n",
    b'a = "x\ny"\n',
    b"a = <<EOT \nx\nEOT\n",
    b"x { a = <<EOT\nx\nEOT\n}\n",
    b'x "${y}" {}\n',
    b"x {\n",
    b"a = [1, 2\n",
    b"x { a = [b] # c }\n",
]


@pytest.fixture
def judge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    hide = ("PATH", "") if request.param == "pygohcl" else None
    if hide:
        monkeypatch.setenv(*hide)
    else:
        monkeypatch.setitem(sys.modules, "pygohcl", None)
    return str(request.param)


@pytest.mark.parametrize("judge", JUDGES, indirect=True)
@pytest.mark.parametrize("data", VALID)
def test_valid_text_is_accepted(judge: str, data: bytes) -> None:
    verdict = parsers.official(data)
    assert isinstance(verdict, Accepted)
    assert verdict.judge.startswith(judge)


@pytest.mark.parametrize("judge", JUDGES, indirect=True)
@pytest.mark.parametrize("data", INVALID)
def test_invalid_text_is_rejected_with_a_reason_on_one_line(judge: str, data: bytes) -> None:
    verdict = parsers.official(data)
    assert isinstance(verdict, Rejected)
    assert verdict.judge.startswith(judge)
    assert verdict.why
    assert "\n" not in verdict.why


@needs_terraform
def test_what_pygohcl_cannot_turn_into_data_terraform_may_save() -> None:
    data = b'x "a" {}\nx = 1\n'
    assert isinstance(parsers._gohcl(data), Rejected)
    assert parsers.official(data) == Accepted("terraform fmt")


def test_without_a_parser_there_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygohcl", None)
    monkeypatch.setenv("PATH", "")
    assert parsers.official(b"a = 1\n") == Absent()
    assert parsers.official(b"a = = 1\n") == Absent()


@needs_terraform
def test_terraform_is_not_swayed_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygohcl", None)
    monkeypatch.setenv("TF_CLI_ARGS", "-bogus")
    monkeypatch.setenv("TF_CLI_ARGS_fmt", "-bogus")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/nowhere/at/all")
    assert isinstance(parsers.official(b"a = 1\n"), Accepted)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("opening", ["a = {}\n", "a = [1]\n"])
def test_nesting_beyond_python_is_reported_and_does_not_crash(opening: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    data = (opening + "b = " + "[" * 5000 + "]" * 5000 + "\n").encode()
    assert isinstance(parsers.official(data), Rejected)
    assert isinstance(parsers.structure(data), Rejected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"a = true", b"a = 1"),
        (b"a = false", b"a = 0"),
        (b"a = [true]", b"a = [1]"),
        (b"a = { b = false }", b"a = { b = 0 }"),
        (b"a { b = true }", b"a { b = 1 }"),
        (b"a = b", b'a = "b"'),
        (b"a = 1", b'a = "1"'),
        (b"a = null", b'a = "null"'),
        (b"a = <<E\r\nx\r\nE\r\n", b"a = <<E\nx\nE\n"),
        (b'a = "x "', b'a = "x"'),
        (b"a {}", b"a = {}"),
        (b"a = [{}]", b"a {}"),
    ],
)
def test_the_structure_distinguishes(one: bytes, other: bytes) -> None:
    structures = parsers.structure(one + b"\n"), parsers.structure(other + b"\n")
    assert not any(isinstance(each, Rejected) for each in structures)
    assert structures[0] != structures[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"a = 1 # x\n", b"a   = 1\n"),
        (b"a = 1\r\nb = [\r\n  2,\r\n]\r\n", b"a = 1\nb = [2]\n"),
        (b"\xef\xbb\xbfa = 1\n", b"a = 1\n"),
        (b"b {\n  # x\n}\n", b"b {}\n"),
    ],
)
def test_the_structure_leaves_out_layout_and_comments(one: bytes, other: bytes) -> None:
    assert not isinstance(parsers.structure(one), Rejected)
    assert parsers.structure(one) == parsers.structure(other)


def test_a_heredoc_that_would_take_minutes_is_not_read() -> None:
    data = b"a = <<EOT\n" + b"x\n" * 200_000 + b"EOT\n"
    assert isinstance(parsers.official(data), Rejected)
    assert isinstance(parsers.official(b"# x\n" * 200_000), Accepted)


def test_the_judges_are_loaded_when_the_first_document_changed() -> None:
    script = "import sys, hclmod.proof.parsers; sys.exit(bool({'hcl2', 'pygohcl', 'lark'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
