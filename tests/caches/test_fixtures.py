"""The cases of `hclmod doctor`: exactly what they list is reported, and each code has cases with it and without."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from hclmod import caches
from hclmod.caches.codes import CODES, LIVE
from hclmod.commands import test
from hclmod.engine import cases
from tests.support.demo import ROOT

if TYPE_CHECKING:
    from hclmod.engine.cases import Case

CASES = tuple(cases.cases(ROOT / "fixtures", caches.RULE))
SHAPES = [case for case in CASES if case.name.startswith("doctor/shapes/")]
GUIDE = ROOT / "docs" / "guides" / "cache.md"


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_exactly_what_a_case_lists_is_reported(case: Case) -> None:
    assert Counter(test.run(case).codes) == Counter(case.codes)


@pytest.mark.parametrize("code", sorted(CODES.keys() - LIVE))
def test_each_code_has_a_case_with_it_and_one_without(code: str) -> None:
    own = [case for case in CASES if case.name.startswith(f"doctor/{code}/")]
    reporting = [case for case in own if f"doctor/{code}" in case.codes]
    assert reporting
    assert len(own) > len(reporting)


def test_a_third_of_the_cases_report_nothing() -> None:
    assert 3 * sum(not case.codes for case in CASES) >= len(CASES)
    assert len(SHAPES) >= 24


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_section_in_the_guide(code: str) -> None:
    assert f"\n### {code}\n" in GUIDE.read_text()


def test_the_guide_says_what_to_do_as_the_report_does() -> None:
    text = " ".join(GUIDE.read_text().split())
    assert not [code for code, advice in CODES.items() if advice not in text]
