"""What hclmod says of a file that is open in an editor: remarks, proven new bytes, and where its images come from.

The jobs are those of `check` and `fix`. Nothing here knows the protocol, and nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from hclmod import files
from hclmod.commands import tags, trace
from hclmod.commands.apply import tell
from hclmod.commands.check import check, folder_around, nothing_to_check, plan_fix
from hclmod.errors import HclmodError, RefusedError
from hclmod.reports.escape import one_line
from hclmod.reports.model import Kind, Outcome
from hclmod.reports.secrets import cleaner
from hclmod.scan.outside import OutsideImage

if TYPE_CHECKING:
    from hclmod.engine.project import Project
    from hclmod.reports.model import Document, Item
    from hclmod.terraform.resources import ImageUse

    Watch = Callable[[str], None]


class Session(Struct, frozen=True):
    """How repositories are opened, and the rules to run: those that a person named, else those of completed phases."""

    open: Callable[[Path], Project]
    rules: tuple[str, ...] = ()


class OpenFile(Struct, frozen=True, kw_only=True):
    """A file as an editor has it, and the other files that are open. Links below `top` are looked at, others not."""

    path: Path
    data: bytes
    top: Path
    others: Mapping[Path, bytes] = field(default_factory=dict)


class Weight(Enum):
    """How much a remark asks of the reader."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class Remark(Struct, frozen=True, kw_only=True):
    """Something to say about one line, counted from 1; `rule` is empty where no rule says it."""

    line: int
    weight: Weight
    message: str
    rule: str = ""
    code: str = ""
    page: str = ""  # the address of the page about the rule
    can_be_fixed: bool = False


class Looked(Struct, frozen=True):
    """The remarks about a file in the order of its lines, and what there is to say about the whole repository."""

    remarks: tuple[Remark, ...]
    notes: tuple[str, ...]


def look(session: Session, file: OpenFile, watch: Watch) -> Looked:
    """What `check` says of a file; `watch` is called now and then, and may raise to stop the work."""
    project = session.open(folder_around(file.path, file.top))
    reports = check(project, **_asked(project, file), rules=session.rules, watch=watch)
    report = tell(_over(project, file), reports, for_text=True)
    project.keep()
    name = project.name_of(file.path)
    documents = (each for section in report.sections for each in section.documents if each.path == name)
    remarks = dict.fromkeys(remark for each in documents for remark in _remarks(each, report.docs))
    notes = (*project.config.warnings, *(() if reports else (nothing_to_check(project),)))
    return Looked(tuple(sorted(remarks, key=lambda each: each.line)), notes)


def fixed(session: Session, file: OpenFile, rule: str, watch: Watch) -> bytes | None:
    """The proven bytes that `fix` would write, of one rule or of all; None where that is nothing."""
    project = session.open(folder_around(file.path, file.top))
    reports = plan_fix(project, **_asked(project, file), rules=session.rules, watch=watch, alone=rule)
    project.keep()
    try:
        changes = [project.proven(report).get(project.name_of(file.path)) for report in reports]
    except RefusedError:  # a remark says so
        return None
    return next((each for each in reversed(changes) if each is not None), None)


def about_images(session: Session, file: OpenFile, line: int) -> tuple[str, ...]:
    """Where the images of a line come from, who else uses their literals, and why their tags stay or float."""
    project = session.open(folder_around(file.path, file.top))
    if _foreign(project, file.path):
        return ()
    over, place = _over(project, file), f"{project.name_of(file.path)}:{line}"
    try:
        images = trace.find(over, place)
    except HclmodError:
        return ()
    texts = dict.fromkeys(text for each in images for text in _texts(each) if text)
    clean = cleaner(over)
    lines = [*trace.tell(over, place), *(row for each in texts for row in _why(over, each))]
    project.keep()
    return tuple(clean(one_line(each)) for each in lines)


def _texts(image: ImageUse | OutsideImage) -> tuple[str | None, ...]:
    return (image.shown,) if isinstance(image, OutsideImage) else image.texts


def _why(project: Project, image: str) -> Iterator[str]:
    """The lines of `tags explain`; nothing where the text is not an image."""
    try:
        rows = tags.explain(project, image)
    except HclmodError:
        return
    for row in rows:
        yield from ("", *tags.lines(row))


def _asked(project: Project, file: OpenFile) -> dict[str, Any]:
    """What `check` is asked: about the text of the editor. A file outside of the repository is named, not given."""
    if _foreign(project, file.path):
        return {"paths": [file.path], "around": _others(project, file)}
    return {"paths": (), "unsaved": {project.name_of(file.path): file.data}, "around": _others(project, file)}


def _foreign(project: Project, path: Path) -> bool:
    return path.is_symlink() or bool(files.foreign(project.root, path))


def _others(project: Project, file: OpenFile) -> dict[str, bytes]:
    return {project.name_of(path): data for path, data in file.others.items() if not _foreign(project, path)}


def _over(project: Project, file: OpenFile) -> Project:
    """The project with the texts of the editor in the place of what is on disk."""
    own = {} if _foreign(project, file.path) else {project.name_of(file.path): file.data}
    return project.over(project.tree.changed({**_others(project, file), **own}))


_LINE = re.compile(r"\bline (\d+)")


def _remarks(document: Document, docs: str) -> Iterator[Remark]:
    """What is to be said of a document: why it was not read, what cannot be proven, and what rules found."""
    why = "; ".join(document.why)
    match document.outcome:
        case Outcome.SKIPPED:
            at = _LINE.search(why)
            weight = Weight.ERROR if at else Weight.INFORMATION
            yield Remark(line=int(at[1]) if at else 1, weight=weight, message=f"hclmod does not read this file: {why}")
        case Outcome.REFUSED:
            yield Remark(line=_first(document), weight=Weight.ERROR, message=f"cannot be changed, not proven: {why}")
        case Outcome.FAILED if document.is_bug:
            what = f"hclmod itself failed here, please report this: {document.why[-1]}"
            yield Remark(line=_first(document), weight=Weight.ERROR, message=what)
        case Outcome.FAILED:
            yield Remark(line=_first(document), weight=Weight.ERROR, message=why)
        case _:
            yield from (_remark(each, docs) for each in document.items if each.kind in (Kind.CHANGE, Kind.PERSON))


def _first(document: Document) -> int:
    return min((each.line for each in document.items), default=1)


def _remark(item: Item, docs: str) -> Remark:
    effect = f" [{item.effect}]" if item.effect else ""
    advice = f"\n{item.advice}" if item.advice else ""
    return Remark(
        line=item.line,
        weight=Weight.WARNING,
        message=f"{item.message}{effect}{advice}",
        rule=item.rule,
        code=item.code,
        page=docs.replace("{rule}", item.rule),
        can_be_fixed=item.kind is Kind.CHANGE,
    )
