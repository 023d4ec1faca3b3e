"""The cases of rules below `fixtures/<rule-id>/`: what each has, and what becomes of it.

A case is a text file (`txtar`) or a folder: `before/**` is the repository, `after/**` those of its files that have to
change; without `after` nothing may. `case.toml` may hold `codes` (what must be reported, as often as it is listed),
`says` (texts that the report must contain), `silent = true` (nothing needs a person), `phase`, `refused = true`,
`deleted` (files that have to go), `with` (rules that run in the same run, before this one) and `[options]` of the rule.
With `answers` the rule of that id runs first, on `other/**` where that is there, and its findings are given to this
run. `hclmod.toml` and `hclmod.tags.json` inside
`before` are read as in a repository; `earlier/**` is the repository as it was, for rules that look at edits. Cases may
stand in folders by topic. Those below `fixtures/doctor` are run by `hclmod doctor`, which has no rules.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from hclmod import caches, files, txtar
from hclmod.cache import NONE
from hclmod.config import checks
from hclmod.engine import doctor, tree
from hclmod.engine.job import Job
from hclmod.engine.project import in_memory
from hclmod.errors import HclmodError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hclmod.cache import Cache
    from hclmod.engine.outcomes import Outcome
    from hclmod.rulekit.rule import Finding

_CASE = checks.table({
    "codes": checks.Key(checks.texts, "Codes of findings that the report must contain, as often as they are listed."),
    "says": checks.Key(checks.texts, "Texts that the report must contain."),
    "silent": checks.Key(checks.boolean, "Whether nothing may need a person."),
    "phase": checks.Key(checks.number, "The phase that is run."),
    "refused": checks.Key(checks.boolean, "Whether a change must be refused."),
    "deleted": checks.Key(checks.texts, "Files that must be deleted."),
    "with": checks.Key(checks.texts, "Rules that run in the same run, before this one."),
    "answers": checks.Key(checks.text, "A rule whose findings are given to the run."),
    "options": checks.Key(checks.named(checks.anything), "Options of the rule."),
})  # fmt: skip


class Case(Struct, frozen=True, kw_only=True):
    """One case of a rule: its files by name (`before/main.tf`), and what must be said."""

    name: str
    """`rule-id/topic/case`."""
    rule: str
    path: Path
    files: Mapping[str, bytes]
    codes: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    phase: int | None = None
    refused: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    silent: bool = False
    deleted: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    answers: str = ""

    @property
    def before(self) -> dict[str, bytes]:
        """The repository on which the rule is run."""
        return self._below("before/")

    @property
    def after(self) -> dict[str, bytes]:
        """The repository that has to come out: as before, but for the files that have to change or to go."""
        texts = self.before | self._below("after/")
        return {name: data for name, data in texts.items() if name not in self.deleted}

    @property
    def other(self) -> dict[str, bytes]:
        """Another repository, which `answers` is about."""
        return self._below("other/")

    @property
    def earlier(self) -> dict[str, bytes]:
        """The repository as it was before an edit."""
        return self._below("earlier/")

    def _below(self, folder: str) -> dict[str, bytes]:
        return {name.removeprefix(folder): data for name, data in self.files.items() if name.startswith(folder)}


def cases(root: Path, which: str | None = None) -> Iterator[Case]:
    """The cases below `root`, sorted; of `which` only: a rule's, a topic's, or one (`rule-id/topic/case`)."""
    if not root.is_dir():
        raise HclmodError(f"there is no folder {root}", hint="Run in a checkout, or name the folder with --fixtures.")
    for folder in sorted(root.glob((which or "*").partition("/")[0])):
        for path in _matches(folder):
            name = path.relative_to(root).as_posix().removesuffix(txtar.SUFFIX)
            if which is None or f"{name}/".startswith(f"{which}/"):
                yield _case(path, name)


def chosen(root: Path, which: str | None = None) -> tuple[Case, ...]:
    """The same cases, of which there have to be some where a person names them."""
    results = tuple(cases(root, which))
    if which is not None and not results:
        names = [case.name for case in cases(root, which.partition("/")[0])]
        hint = nearest(which, names, "Write RULE, RULE/TOPIC or RULE/TOPIC/CASE.")
        raise HclmodError(f"{root} has no case {which}", hint=hint)
    return results


def _matches(folder: Path) -> Iterator[Path]:
    """The text files and folders that are cases, in a folder and in those by topic below it."""
    for path in sorted(folder.glob("*")):
        if (path / "before").is_dir() or (path.suffix == txtar.SUFFIX and path.is_file()):
            yield path
        else:
            yield from _matches(path)


def _case(path: Path, name: str) -> Case:
    texts = txtar.read(files.load(path), str(path)) if path.is_file() else _folder(path)
    settings = _settings(texts.get("case.toml", b""), f"{path}: case.toml")
    return Case(
        name=name,
        rule=name.partition("/")[0],
        path=path,
        files=texts,
        codes=tuple(settings.get("codes", ())),
        says=tuple(settings.get("says", ())),
        phase=settings.get("phase"),
        refused=settings.get("refused", False),
        options=settings.get("options", {}),
        silent=settings.get("silent", False),
        deleted=tuple(settings.get("deleted", ())),
        companions=tuple(settings.get("with", ())),
        answers=settings.get("answers", ""),
    )


def _settings(data: bytes, path: str) -> dict[str, Any]:
    try:
        settings = tomllib.loads(data.decode())
    except ValueError as error:
        raise HclmodError(f"{path}: not TOML: {error}", hint="Mend the syntax at that place.") from error
    checks.refuse(path, _CASE(settings, ""))
    if empty := next((key for key in ("codes", "says") if settings.get(key) == []), None):
        hint = "Write `silent = true` if nothing may need a person. Or leave the line out."
        raise HclmodError(f"{path}: `{empty} = []` expects nothing", hint=hint)
    return settings


def _folder(case: Path) -> dict[str, bytes]:
    """The files of a case in its folder form; what else lies there is nobody's."""
    paths = {path.relative_to(case).as_posix(): path for path in sorted(case.rglob("*")) if path.is_file()}
    return {name: files.load(path) for name, path in paths.items() if name.partition("/")[0] in txtar.PARTS}


def _answers(case: Case, folders: Sequence[Path | None], kept: Cache) -> tuple[Finding, ...]:
    """What another rule says, of another repository where the case has one."""
    project = in_memory(case.other or case.before, rule_folders=folders, kept=kept)
    report = project.plan(Job(rules=(case.answers,), options=project.options_of(None), done=()))
    return tuple(each.finding for each in report.findings)


def outcomes(case: Case, folders: Sequence[Path | None] = (None,), kept: Cache = NONE) -> list[Outcome]:
    """What becomes of the documents of a case; `kept` is what earlier runs have found."""
    options = {} if case.rule == caches.RULE else {case.rule: case.options}
    project = in_memory(case.before, rule_folders=folders, options=options, kept=kept)
    phases, through = project.config.phases, project.config.through
    project.require_names()
    if case.rule == caches.RULE:
        return list(doctor.report(project, unit=str(case.options.get(doctor.UNIT, ""))).outcomes)
    job = Job(
        rules=(*case.companions, case.rule),
        answers=_answers(case, folders, kept) if case.answers else None,
        phase=case.phase,
        options=project.options_of(case.phase),
        done=tuple(number for number in phases if through is not None and number <= through),
        earlier=project.over(tree.in_memory(case.earlier)).model if case.earlier else None,
    )
    return list(project.plan(job).outcomes)
