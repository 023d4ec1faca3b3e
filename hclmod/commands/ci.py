"""`hclmod ci`: the pipelines of a repository, and the Terraform repository that runs its images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.engine.job import Job
from hclmod.terraform.code import CODE

if TYPE_CHECKING:
    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project
    from hclmod.rulekit.rule import Finding

BRANCH = "hclmod/ci"
ASKED = "delivered-image"
"""The rule that says of the Terraform repository which new images of CI reach the cluster without it."""

DROPPING = (
    "drop-deploy-pipeline",
    "drop-deploy-job",
    "drop-deploy-step",
    "drop-needs",
    "drop-unused-output",
    "push-latest",
    "serialise-push",
    "dead-pipeline",
)
"""The rules by which CI stops to deploy, in the order in which they look."""


def plan(
    project: Project, rules: tuple[str, ...], title: str, infra: Project | None = None, *, base: str = ""
) -> PhaseReport:
    """What rules would do to the pipelines, in the working tree, or on top of the commit `base`; writes nothing.

    `infra` is the Terraform repository. Without it workloads are looked up in the repository at hand.
    """
    job = Job(
        rules=rules,
        title=title,
        options=project.options_of(None),
        done=(),
        answers=answers(infra or project),
    )
    if base:
        return project.at(base).plan(job)
    return project.on_disk(project.plan(job))


def answers(project: Project) -> tuple[Finding, ...] | None:
    """What reaches the cluster without CI, by a repository; None for one without Terraform."""
    if not project.tree.ending(CODE):
        return None
    report = project.plan(Job(rules=(ASKED,), title="", options=project.options_of(None)))
    return tuple(each.finding for each in report.findings)
