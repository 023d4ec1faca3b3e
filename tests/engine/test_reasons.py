"""No selected target is left without a reason: the engine says it where no rule does."""

from __future__ import annotations

import pytest

from hclmod.engine.job import Job
from hclmod.engine.outcomes import Changed, Unchanged, findings
from hclmod.engine.project import in_memory
from hclmod.hcl.views import top_level
from hclmod.rulekit import folders
from hclmod.rulekit.loading import load
from tests.support.hcl import HOSTILE, source
from tests.support.trees import project, workload

RULES = tuple(folders.available())
ALWAYS = workload('"acme/web:latest"').replace("image =", 'image_pull_policy = "Always"\n          image =')


def test_always_with_drop_has_a_reason() -> None:
    job = Job(rules=("pull-policy-for-floating-tag",), options={"pull-policy-for-floating-tag": {"drop": True}})
    (finding,) = project({"main.tf": ALWAYS}).plan(job).findings
    assert finding.code == "pull-policy-for-floating-tag/nothing-to-do"


def test_what_another_rule_speaks_of_has_its_reason() -> None:
    rules = ("pull-policy-for-floating-tag", "ignore-keel-drift")
    codes = {each.code for each in project({"main.tf": ALWAYS}).plan(Job(rules=rules)).findings}
    assert codes == {"ignore-keel-drift/drift"}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("rule", RULES)
def test_each_target_of_a_rule_has_a_finding(rule: str) -> None:
    (loaded,) = load((rule,), {})
    for path in HOSTILE:
        data = path.read_bytes()
        job = Job(rules=(rule,), only=frozenset({"main.tf"}), near=True)
        for outcome in in_memory({"main.tf": data}).plan(job).outcomes:
            if isinstance(outcome, Unchanged | Changed):
                targets = {each.address for each in top_level(source(data))[1] if loaded.rule.is_for(each)}
                known = {each.finding.address for each in findings(outcome)}
                assert targets <= known | {each.partition(" ")[0] for each in known}, path.name
