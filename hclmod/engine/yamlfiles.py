"""The files of YAML that rules are offered whole, and what becomes of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.engine.outcomes import Changed, Skipped
from hclmod.engine.settle import settle
from hclmod.engine.texts import YamlWhole
from hclmod.hcl.document import Document
from hclmod.hcl.source import unreadable
from hclmod.proof.verdict import AsDeclared
from hclmod.rulekit.rule import Context
from hclmod.terraform.code import YAML
from hclmod.yaml.views import YamlFile

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hclmod.engine.outcomes import Refused, Reported, Unchanged
    from hclmod.engine.project import Project
    from hclmod.engine.run import Run
    from hclmod.engine.tree import Tree
    from hclmod.rulekit.loading import Loaded


def find(project: Project, rules: Sequence[Loaded], only: Collection[str] | None) -> tuple[str, ...]:
    """The files that a rule is for, sorted."""
    paths = _of_rules(project.tree, rules)
    project.tree.load(paths)
    return tuple(path for path in paths if path in project.tree and (only is None or path in only))


def _of_rules(tree: Tree, rules: Sequence[Loaded]) -> list[str]:
    hooks = [each.rule.on_yaml for each in rules if each.rule.on_yaml]
    return [path for path in tree.ending(YAML) if any(each.files(path) for each in hooks)]


def context(run: Run, tree: Tree) -> Context:
    """What rules may know in all of these files."""
    pairs = ((path, tree.get(path)) for path in _of_rules(tree, run.rules))
    texts = {path: data for path, data in pairs if data is not None and not unreadable(data)}
    return Context(
        config=run.config,
        tags=run.tags,
        rules=tuple(each.id for each in run.rules),
        objects=run.objects,
        yaml={path: YamlFile(Document(path, data)) for path, data in texts.items()},
        paths=tuple(tree),
        answers=run.job.answers,
    )


def settled(
    path: str, data: bytes, rules: Sequence[Loaded], context: Context
) -> Unchanged | Changed | Skipped | Refused:
    """What becomes of a file that `context` has: deleted where a rule says so, else edited until it is settled."""
    if why := unreadable(data):
        return Skipped(path, why.reason)
    file = context.yaml[path]
    if file.problem:
        return Skipped(path, file.problem, broken=True)
    whole = YamlWhole(file)
    reported = whole.check(rules, context)
    if deleting := [each for each in reported if each.finding.fix and each.finding.fix.deletes]:
        return _deleted(path, data, deleting)
    return settle(whole, rules, context)


def _deleted(path: str, data: bytes, deleting: Sequence[Reported]) -> Changed:
    applied = tuple(replace(each, after="") for each in deleting)
    return Changed(path=path, before=data, after=b"", applied=applied, left=(), verdict=AsDeclared(()), gone=True)
