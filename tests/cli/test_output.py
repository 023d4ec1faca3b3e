"""What commands print beside their reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.cli import output
from hclmod.config import file

if TYPE_CHECKING:
    import pytest


def test_warnings_of_the_configuration_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    output.warn(file.parse(b'[options."*"]\nkeel_version = "0.21.1"\n', "hclmod.toml"))
    output.warn(file.parse(b'[keel]\nversion = "0.21.1"\n', "hclmod.toml"))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        'warning: hclmod.toml: options."*".keel_version: deprecated; write `version` in the table [keel] instead\n'
    )
