"""The cases of all rules, read once for all tests."""

from __future__ import annotations

from hclmod.engine import cases
from tests.support.demo import FIXTURES

CASES = tuple(cases.cases(FIXTURES))
CHANGING = tuple(case for case in CASES if case.after != case.before)
