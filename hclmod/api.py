"""The Python door: the same words as the command line, values in, values out, nothing printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hclmod.commands.apply import apply_phase, diff, plan_phases, tell, to_do, write
from hclmod.commands.check import check, plan_fix
from hclmod.engine.project import Project, open_project
from hclmod.errors import HclmodError
from hclmod.rulekit import docstrings, loading

__all__ = ["apply_phase", "check", "diff", "plan_fix", "plan_phases", "tell", "write"]

Workspace = Project
findings = to_do

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from hclmod.commands.docs import Example
    from hclmod.commands.explain import OwnerRow
    from hclmod.commands.survey import Survey
    from hclmod.commands.tags import Imported, Refreshed, Told
    from hclmod.commands.test import Result
    from hclmod.engine.outcomes import PhaseReport
    from hclmod.forges.sticky import Posted
    from hclmod.forges.target import Target
    from hclmod.images.evidence import Snapshot
    from hclmod.reports.model import Report
    from hclmod.reports.terminal import Style
    from hclmod.rulekit.docstrings import Card


def cards(folders: Sequence[Path] = ()) -> tuple[Card, ...]:
    """What every rule says of itself, sorted by id; no rule is run."""
    paths = {rule: path for folder in (None, *folders) for rule, path in loading.every(folder).items()}
    return tuple(docstrings.read(paths[rule]) for rule in sorted(paths))


def card(rule: str, folders: Sequence[Path] = ()) -> Card:
    """What one rule says of itself."""
    return docstrings.read(loading.find(rule, (None, *folders)))


def read_report(path: Path) -> Report:
    """A report of `--format json`, which may come from a stranger: checked value by value."""
    from hclmod.reports import json

    try:
        data = path.read_bytes()
    except OSError as error:
        raise HclmodError(
            f"{path}: cannot be read: {error.strerror}", hint="Name a report of `--format json`."
        ) from error
    return json.read(data, str(path))


def render(
    report: Report,
    form: str,
    *,
    style: Style | None = None,
    limit: int | None = None,
    whole: str = "",
    folders: Sequence[Path] = (),
) -> str:
    """A report in one of `reports.rendering.FORMATS`; Markdown in at most `limit` bytes."""
    from hclmod.reports import formats

    about = {each.id: each.summary for each in cards(folders)} if form == "sarif" else {}
    return formats.render(report, form, style=style, limit=limit, whole=whole, about=about)


def comment(
    report: Report,
    target: Target,
    *,
    key: str = "",
    author: str = "",
    whole: str = "",
    plain_http: bool = False,
) -> Posted:
    """Make a report the one comment of its kind on a pull request, in the forge's limit; `plain_http` allows no TLS.

    `key` tells comments on one pull request apart (empty: by the report's phases), `author` is whose comment it is
    (empty: the token's user), `whole` tells where all of a report can be had that had to be cut.
    """
    from hclmod.forges import sticky
    from hclmod.forges.target import plain_hosts
    from hclmod.http import open_transport

    key = key or report.key
    with open_transport(plain_http=plain_hosts(target.api, allowed=plain_http)) as transport:
        body = comment_text(report, target, key, whole)
        return sticky.post(transport, target, key, body, author=author, worth_it=not report.is_empty)


def comment_text(report: Report, target: Target, key: str, whole: str = "") -> str:
    """The comment as it would be written, without its hidden marker, counted in characters as forges do."""
    from hclmod.forges import sticky
    from hclmod.reports import markdown

    return markdown.render(report, limit=target.dialect.limit - len(sticky.marker(key)), whole=whole)


def run_fixtures(
    root: Path, which: str | None = None, folders: Sequence[Path] = (), *, accept: bool = False
) -> tuple[Result, ...]:
    """Run the fixtures below `root`: all, or those of a rule, of a topic, or one by its name `rule-id/topic/case`."""
    from hclmod.commands import test

    if which is not None:
        loading.find(which.partition("/")[0], (None, *folders))
    return tuple(test.run(case, (None, *folders), accept=accept) for case in test.chosen(root, which))


def pages(root: Path, folders: Sequence[Path] = ()) -> dict[str, str]:
    """The pages of the documentation on rules (with their fixtures below `root`) and configuration, by path."""
    from hclmod.commands import docs

    every = cards(folders)
    made = {f"rules/{each.id}.md": docs.rule_page(each, _example(root, each.id)) for each in every}
    return {**made, "rules/index.md": docs.rules_page(every), "config.md": docs.config_page()}


def _example(root: Path, rule: str) -> Example | None:
    """The case of a rule that is named `example`; None without one."""
    from hclmod.commands import test
    from hclmod.commands.docs import Example

    every = tuple(test.cases(root, rule))
    case = next((case for case in every if case.name.endswith("/example")), None)
    if case is None:
        return None
    diff, kept = test.wanted(case), sum(each.after == each.before for each in every)
    file, says = (b"", ()) if diff else (test.shown(case), test.messages(case))
    return Example(case.name, diff.decode(errors="replace"), len(every), kept, file.decode(errors="replace"), says)


def new_rule(
    rule: str, rules: Path, folder: Path, *, kind: str = "helm_release", attribute: str = ""
) -> tuple[Path, ...]:
    """Write a rule that works on blocks of a kind and sets an attribute there, and its fixtures."""
    from hclmod.commands import new

    return new.new_rule(rule, rules, folder, kind, attribute)


def act(
    project: Project, target: str, rule: str, options: Mapping[str, object], *, with_callers: bool = False
) -> PhaseReport:
    """What a rule such as `pin` would do to the workload `STACK/ADDRESS[:CONTAINER]` and where its images come from.

    With one of `objections` nothing of it may be written. `with_callers`: where it stands in a module, that of all.
    """
    from hclmod.commands import pin

    return pin.act(project, target, rule, options, with_callers=with_callers)


def objections(report: PhaseReport) -> tuple[str, ...]:
    """Why what `act` was asked for is not done as a whole."""
    from hclmod.commands import pin

    return pin.objections(report)


def notes(report: PhaseReport) -> tuple[str, ...]:
    """What `act` rightly left as it is, and why."""
    from hclmod.commands import pin

    return pin.notes(report)


def cells(report: PhaseReport, name: str) -> Sequence[str]:
    """What findings answer under a name, such as the commands to `run`."""
    from hclmod.commands import pin

    return pin.cells(report, name)


def audit(
    project: Project,
    paths: Sequence[Path] = (),
    rules: Sequence[str] = (),
    *,
    base: str = "HEAD",
    watch: Callable[[str], None] = lambda _path: None,
) -> PhaseReport:
    """What the audit, or some of its rules, finds in the whole repository or in what is named; writes nothing."""
    from hclmod.commands import audit

    return audit.audit(project, paths, rules, base=base, watch=watch)


def owners(project: Project) -> tuple[OwnerRow, ...]:
    """A row for each container, release and image in a manifest: who owns it, and how that is known."""
    from hclmod.commands import explain

    return explain.owners(project)


def explain(project: Project, target: str) -> Iterator[str]:
    """The lines that tell the whole story of the workload at `STACK/ADDRESS`."""
    from hclmod.commands import explain

    return explain.explain(project, target)


def write_baseline(report: PhaseReport) -> bytes:
    """The findings of an audit as a file that lets later ones report only what is new."""
    from hclmod.commands import audit

    return audit.write_baseline(report)


def without_baseline(report: PhaseReport, path: Path) -> PhaseReport:
    """The report without what the baseline at `path` holds."""
    from hclmod.commands import audit

    return audit.without_baseline(report, path)


def open_workspace(
    folder: Path,
    *,
    file: Path | None = None,
    rules: Sequence[Path] = (),
    options: Mapping[str, Mapping[str, object]] | None = None,
) -> Project:
    """Open the project around a folder."""
    return open_project(folder, file=file, rule_folders=rules, options=options)


def init(root: Path) -> Path:
    """Write a first `hclmod.toml` for the repository at `root`; a `ConfigError` where there is one."""
    from hclmod.commands import init

    return init.init(root)


def survey(project: Project) -> Survey:
    """Every image, also outside of containers, release, workload and namespace of the working tree."""
    from hclmod.commands import survey as rows

    return rows.survey(project)


def refresh_tags(
    project: Project,
    names: Sequence[str] = (),
    phases: Collection[int] = (),
    *,
    watch: Callable[[str], None] = lambda _name: None,
    begin: Callable[[int], None] = lambda _count: None,
) -> Refreshed:
    """Ask registries about the images that are named, that these phases use, or all; writes nothing.

    `begin` hears how many images will be asked about, `watch` the name of each that is done.
    """
    from hclmod.commands import tags

    return tags.refresh(project, names, phases, watch=watch, begin=begin)


def import_tags(project: Project, sources: Iterable[tuple[str, bytes]]) -> Imported:
    """Read what Diun wrote; writes nothing."""
    from hclmod.commands import tags

    return tags.take(project, sources)


def write_tags(project: Project, tags: Snapshot) -> str:
    """Write a tag snapshot; the path of its file from the root."""
    from hclmod.commands import tags as tagging

    return tagging.write(project, tags)


def explain_tag(project: Project, image: str) -> tuple[Told, ...]:
    """Why the tag of an image is decided as it is, for each policy under which the repository uses it."""
    from hclmod.commands import tags

    return tags.explain(project, image)


def trace(project: Project, target: str) -> tuple[str, ...]:
    """The lines that explain the image at `FILE:LINE` or `STACK/ADDRESS`: chain, literal, who else uses it."""
    from hclmod.commands import trace

    return tuple(trace.tell(project, target))


def trace_rows(project: Project, target: str) -> list[dict[str, Any]]:
    """What `trace` says, as plain values for machines."""
    from hclmod.commands import trace

    return trace.rows(project, target)
