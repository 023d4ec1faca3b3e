"""Whether the caches of images that a repository configures may give old images, as a report."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.caches import RULE, TITLE, diagnosis, docs_checks, fixes, repository, texts
from hclmod.caches.registries import is_image
from hclmod.engine.outcomes import Changed, PhaseReport, Reported, Skipped, StackReport, Unchanged
from hclmod.engine.tree import UNREAD
from hclmod.hcl import edits, suppression
from hclmod.hcl.document import Document
from hclmod.hcl.edits import excerpt
from hclmod.images import reference
from hclmod.proof import verdict
from hclmod.rulekit.rule import Level
from hclmod.terraform.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hclmod.caches.codes import Placed
    from hclmod.caches.repository import Caches
    from hclmod.engine.outcomes import Outcome
    from hclmod.engine.project import Project
    from hclmod.images.reference import Reference
    from hclmod.scan.renderings import Rendering

UNIT = "ttl-unit"
"""The option of its cases, and of the command line, for a `ttl` without a unit."""

_MARKS = ("#", "//", "<!--")
_COMMENT = re.compile(r"(?:#|//|<!--)\s*hclmod:.*")


def report(
    project: Project,
    below: str = "",
    unit: str = "",
    ask: Callable[[Caches], Iterable[Placed]] = lambda _caches: (),
) -> PhaseReport:
    """What is wrong with the caches of the whole repository, or of the file or folder `below`.

    `unit` is what a `ttl` that is a number alone is counted in, and `ask` has findings of its own about the caches,
    which are reported wherever they stand. Nothing is written.
    """
    caches = read(project)
    pages = ((path, data) for path in _docs(project) if (data := project.tree.get(path)) is not None)
    diagnosed = (each for each in diagnosis.diagnose(caches, pages, unit) if _is_below(each.path, below))
    by_path: dict[str, list[Placed]] = defaultdict(list)
    for each in (*diagnosed, *ask(caches)):
        by_path[each.path].append(each)
    unread = (each for each in _unread(project, caches) if _is_below(each.path, below))
    outcomes = [*unread, *(_outcome(project, caches, path, by_path[path]) for path in sorted(by_path))]
    folders: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in sorted(outcomes, key=lambda each: each.path):
        folders[posixpath.dirname(outcome.path)].append(outcome)
    stacks = (
        StackReport(Stack(folder, folder, tuple(each.path for each in own)), tuple(own))
        for folder, own in folders.items()
    )
    return PhaseReport(None, TITLE, (RULE,), tuple(stacks))


def read(project: Project) -> Caches:
    """The caches that a project configures."""
    project.tree.load([path for path in project.tree if texts.is_candidate(path)])
    project.tree.load(_docs(project))
    uses: Mapping[str, tuple[Rendering, ...]] = {}
    files = ((path, project.tree.get(path, b"")) for path in project.tree if texts.is_candidate(path))
    if any(repository.may_be_filled(path, data) for path, data in files):
        from hclmod.scan.renderings import renderings

        uses = renderings(project.model, project.files)
    return repository.read(project.tree, project.tree.get, images_of=lambda: tuple(_images(project)), renderings=uses)


def _docs(project: Project) -> list[str]:
    """The pages that say how things are, without those that `[docs] exclude` names."""
    excluded = project.config.conventions.exclude
    every = (path for path in project.tree if docs_checks.is_doc(path))
    return [path for path in every if not any(fnmatchcase(path, each) for each in excluded)]


def _images(project: Project) -> Iterator[tuple[str, Reference]]:
    """The registries that run in a cluster, by the file that names them."""
    for use in project.uses:
        for text in filter(None, use.texts):
            if (known := reference.parse(text)) and is_image(known.path):
                yield use.image.image.document, known
    for each in project.outside_images:
        if is_image(each.reference.path) and not each.location.form.startswith("compose"):
            yield each.location.file, each.reference


def _is_below(path: str, folder: str) -> bool:
    """Whether a file is this one, or lies in this folder; all lie in the empty one."""
    return not folder or f"{path}/".startswith(f"{folder}/")


def _unread(project: Project, caches: Caches) -> Iterator[Skipped]:
    """The files of caches, and the pages, that cannot be read."""
    for each in caches.unread:
        yield Skipped(each.path, f"line {each.line}: {each.why}" if each.line else each.why, broken=each.is_broken)
    for path in _docs(project):
        if path in project.tree.unread:
            yield Skipped(path, UNREAD)


def _outcome(project: Project, caches: Caches, path: str, own: Sequence[Placed]) -> Outcome:
    """What becomes of a file: changed where edits are offered, and else as it is."""
    data = project.tree[path]
    document, filled = Document(path, data), path in caches.renderings
    lines = data.decode(errors="replace").split("\n")
    every = fixes.offered(path, [_heeding(each, lines) for each in own], data, filled=filled)
    fixable = [each for each in every if each.finding.fix is not None]
    _, made = edits.select([each.finding.fix for each in fixable if each.finding.fix is not None])
    left = tuple(_reported(each, document) for each in every if each.finding.fix is None)
    if not made:
        return Unchanged(path, left)
    after = edits.apply(data, made)
    applied = tuple(_reported(each, document) for each in fixable)
    old, new = (texts.whole(path, each, filled=filled) for each in (data, after))
    match fixes.judged(old, new, fixable):
        case verdict.AsDeclared() as judged:
            return Changed(path=path, before=data, after=after, applied=applied, left=left, verdict=judged)
        case _:  # what is proven alone is not proven together
            return Unchanged(path, tuple(_reported(fixes.without(each), document) for each in every))


def _heeding(each: Placed, lines: Sequence[str]) -> Placed:
    """The finding as a comment on its line, or alone on the line above, leaves it; `lines` are those of its file."""
    above, own = lines[max(0, each.line - 2) : each.line - 1], lines[each.line - 1 : each.line]
    near = [*(text for text in above if text.lstrip().startswith(_MARKS)), *own]
    comments = [match[0].removesuffix("-->").replace("<!--", "#") for text in near if (match := _COMMENT.search(text))]
    why = suppression.among(comments, RULE)
    if not why:
        return each
    finding = replace(
        each.finding, message=f"suppressed ({why}): {each.finding.message}", level=Level.NOTE, fix=None, cells=()
    )
    return replace(each, finding=finding)


def _reported(each: Placed, document: Document) -> Reported:
    before, after = excerpt(document, each.finding.fix) if each.finding.fix else ("", "")
    where = f"{each.finding.code} {each.finding.address}"
    return Reported(rule=RULE, finding=each.finding, line=each.line, where=where, before=before, after=after)
