"""`hclmod ci`: the pipelines of a repository, and the Terraform repository that runs its images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.engine.job import Job
from hclmod.errors import HclmodError, nearest
from hclmod.scan.files import is_pipeline
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


RESTORING = ("add-deploy", "ci-sets-image")
"""The rules by which CI deploys again."""

NAMED = ("drop-deploy-pipeline", "drop-deploy-job", "drop-deploy-step", "add-deploy", "ci-sets-image")
"""The rules with the option `workloads`."""

NEW = "new-pipeline"


def plan(
    project: Project,
    rules: tuple[str, ...],
    title: str,
    infra: Project | None = None,
    *,
    workloads: tuple[str, ...] = (),
    base: str = "",
) -> PhaseReport:
    """What rules would do to the pipelines, in the working tree, or on top of the commit `base`; writes nothing.

    `infra` is the Terraform repository. Without it workloads are looked up in the repository at hand. `workloads` are
    those that a person names, as NAMESPACE/NAME.
    """
    options = project.options_of(None)
    for rule in NAMED if workloads else ():
        options[rule] = {**options.get(rule, {}), "workloads": list(workloads)}
    known = answers(infra or project)
    _require(workloads, known)
    job = Job(rules=rules, title=title, options=options, done=(), answers=known)
    if base:
        return project.at(base).plan(job)
    return project.on_disk(project.plan(job))


def _require(workloads: tuple[str, ...], known: tuple[Finding, ...] | None) -> None:
    """Refuse a workload that the Terraform repository does not have; a namespace that is filled in may be any."""
    cells = [dict(each.cells) for each in known or ()]
    names = sorted({f"{each['namespace']}/{each['name']}" for each in cells})
    for workload in workloads if known is not None else ():
        if workload not in names and f"/{workload.rpartition('/')[2]}" not in names:
            hint = nearest(workload, names, "Write NAMESPACE/NAME.")
            raise HclmodError(f"the Terraform repository has no workload {workload}", hint=hint)


def has_pipelines(project: Project) -> bool:
    """Whether the repository has a pipeline of any kind that is read."""
    return any(is_pipeline(path) for path in project.tree)


def has_terraform(project: Project) -> bool:
    """Whether the repository has code of Terraform."""
    return bool(project.tree.ending(CODE))


def answers(project: Project) -> tuple[Finding, ...] | None:
    """What reaches the cluster without CI, by a repository; None for one without Terraform."""
    if not has_terraform(project):
        return None
    report = project.plan(Job(rules=(ASKED,), title="", options=project.options_of(None)))
    return tuple(each.finding for each in report.findings)


def new(project: Project, platform: str, image: str) -> PhaseReport:
    """A new pipeline that builds an image and pushes `latest`; writes nothing."""
    options = project.options_of(None)
    options[NEW] = {**options.get(NEW, {}), "platform": platform, "image": image}
    return project.on_disk(project.plan(Job(rules=(NEW,), title="New pipeline", options=options, done=())))
