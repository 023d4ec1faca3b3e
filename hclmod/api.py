"""The Python door: the same words as the command line, values in, values out, nothing printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hclmod import __version__, files
from hclmod.commands.apply import Applied, apply_phase, diff, findings, no_phase, plan_phases, proven, write
from hclmod.commands.apply import tell as _tell
from hclmod.commands.check import check, done_phases, fix, plan_fix
from hclmod.engine import follow
from hclmod.engine.project import Workspace, name_of, on_disk, open_workspace, phase_numbers, settings
from hclmod.errors import ConfigError, GitError, HclmodError
from hclmod.images.evidence import Snapshot
from hclmod.reports import from_plan
from hclmod.reports.model import Report
from hclmod.rulekit import docstrings, loading
from hclmod.terraform import stacks as stack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hclmod.commands.docs import Example
    from hclmod.commands.explain import OwnerRow
    from hclmod.commands.survey import Survey
    from hclmod.commands.tags import Imported, Refreshed, Told
    from hclmod.commands.test import Result
    from hclmod.engine.outcomes import PhaseReport
    from hclmod.forges.sticky import Posted
    from hclmod.forges.target import Target
    from hclmod.reports.terminal import Style
    from hclmod.rulekit.docstrings import Card
    from hclmod.scan.find import Sighting
    from hclmod.terraform.repository import Estate
    from hclmod.terraform.uses import Use

__all__ = [
    "Applied", "Workspace", "act", "apply_phase", "audit", "card", "cards", "cells", "check", "comment", "comment_text",
    "diff", "done_phases", "estate", "explain", "explain_tag", "findings", "fix", "import_tags", "init", "name_of",
    "new_rule", "notes", "objections", "open_workspace", "owners", "pages", "phase_numbers", "plan_fix", "plan_phases",
    "proven", "read_report", "refresh_tags", "render", "run_fixtures", "settings", "survey", "tell", "trace",
    "trace_rows", "without_baseline", "write", "write_baseline", "write_tags",
]  # fmt: skip


def cards(folders: Sequence[Path] = ()) -> tuple[Card, ...]:
    """What every rule says of itself, sorted by id; no rule is run."""
    paths = {rule: path for folder in (None, *folders) for rule, path in loading.every(folder).items()}
    return tuple(docstrings.read(paths[rule]) for rule in sorted(paths))


def card(rule: str, folders: Sequence[Path] = ()) -> Card:
    """What one rule says of itself."""
    return docstrings.read(loading.find(rule, (None, *folders)))


def tell(workspace: Workspace, reports: Sequence[PhaseReport], *, base: str = "HEAD", for_text: bool = False) -> Report:
    """The reports as the one model of all renderings, with the phases of the config and which of them are done.

    For text, which shows neither lines nor the rollout's progress, git is not asked for either.
    """
    if for_text:
        return Report(__version__, tuple(from_plan.tell(each) for each in reports))
    try:
        done = done_phases(workspace)
    except GitError:  # `check --rule` needs no repository
        done = ()
    return _tell(workspace, reports, base=base, done=done)


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
    with open_transport(plain_http=plain_hosts(target.api, told=plain_http)) as transport:
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
    file, says = (b"", ()) if diff else (test.shown(case), case.says)
    return Example(case.name, diff.decode(errors="replace"), len(every), kept, file.decode(errors="replace"), says)


def new_rule(rule: str, rules: Path, folder: Path) -> tuple[Path, ...]:
    """Write a rule that works and its fixtures."""
    from hclmod.commands import new

    return new.new_rule(rule, rules, folder)


def act(
    workspace: Workspace, target: str, rule: str, options: Mapping[str, object], *, with_callers: bool = False
) -> PhaseReport:
    """What a rule such as `pin` would do to the workload `STACK/ADDRESS[:CONTAINER]` and where its images come from.

    With one of `objections` nothing of it may be written. `with_callers`: where it stands in a module, that of all.
    """
    from hclmod.commands import pin

    return pin.act(workspace, target, rule, options, with_callers=with_callers)


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
    workspace: Workspace,
    paths: Sequence[Path] = (),
    rules: Sequence[str] = (),
    *,
    base: str = "HEAD",
    watch: Callable[[str], None] = lambda _path: None,
) -> PhaseReport:
    """What the audit, or some of its rules, finds in the whole repository or in what is named; writes nothing."""
    from hclmod.commands import audit

    return audit.audit(workspace, paths, rules, base=base, watch=watch)


def owners(workspace: Workspace) -> tuple[OwnerRow, ...]:
    """A row for each container, release and image in a manifest: who owns it, and how that is known."""
    from hclmod.commands import explain

    return explain.owners(workspace)


def explain(workspace: Workspace, target: str) -> Iterator[str]:
    """The lines that tell the whole story of the workload at `STACK/ADDRESS`."""
    from hclmod.commands import explain

    return explain.explain(workspace, target)


def write_baseline(report: PhaseReport) -> bytes:
    """The findings of an audit as a file that lets later ones tell only what is new."""
    from hclmod.commands import baseline

    return baseline.write(report)


def without_baseline(report: PhaseReport, path: Path) -> PhaseReport:
    """The report without what the baseline at `path` holds."""
    from hclmod.commands import baseline

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", hint="Make it with --write-baseline.") from error
    return baseline.without(report, baseline.read(data, str(path)))


def estate(workspace: Workspace) -> Estate:
    """What the working tree says together; without `stacks` in the config, those are the folders that nothing calls."""
    from hclmod.terraform.repository import Estate

    paths = sorted(name_of(workspace.root, path) for path in files.find([workspace.root], follow.ENDINGS))
    stacks = [each.path for each in stack.discover(paths, workspace.config)]

    every = Estate(stacks, paths, lambda path: (workspace.root / path).read_bytes())
    return every if workspace.config.stacks else every.over(sorted(set(stacks) - every.called()))


def init(root: Path) -> Path:
    """Write a first `hclmod.toml` for the repository at `root`; a `ConfigError` where there is one."""
    from hclmod.commands import init
    from hclmod.config import file

    workspace = Workspace(root, file.parse(b"", file.FILE_NAME), Snapshot({}))
    folders = {name_of(root, path).rpartition("/")[0] for path in files.find([root])}
    return init.write(root, estate(workspace), folders)


def survey(workspace: Workspace) -> Survey:
    """Every image, also outside of containers, release, workload and namespace of the working tree."""
    from hclmod.commands import survey as rows

    found = estate(workspace)
    stacks = stack.discover([f"{each}/main.tf" for each in found.stacks], workspace.config)
    known = stack.assign(workspace.config, stacks, known_only=True)
    names = [name_of(workspace.root, path) for path in files.find([workspace.root], follow.ENDINGS)]
    texts = on_disk(workspace.root, names)
    assignment = follow.by_namespace(workspace.config, known, stacks, texts, whole=False)
    return rows.survey(found, workspace.config, workspace.tags, assignment.phase_of, _sightings(workspace, found))


def _sightings(workspace: Workspace, found: Estate) -> tuple[Sighting, ...]:
    from hclmod.scan import find

    every = (name_of(workspace.root, path) for path in files.find([workspace.root], ("",)))
    return find.find(found, every, lambda path: (workspace.root / path).read_bytes())


def _uses(workspace: Workspace) -> tuple[tuple[Use, ...], Mapping[str, str]]:
    """Images of containers and those that Terraform gives to the cluster in other forms, and what was not read."""
    from hclmod.scan import find

    found = estate(workspace)
    return (*found.uses, *find.uses(_sightings(workspace, found), find.FORMS)), found.unread


def refresh_tags(
    workspace: Workspace,
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

    for number in phases:
        if number not in workspace.config.phases:
            raise no_phase(workspace, number)
    wanted = tags.wishes(workspace, tags.seen(workspace, survey(workspace)), names, phases)
    begin(len(wanted))
    return tags.refresh(workspace, wanted, watch=watch)


def import_tags(workspace: Workspace, sources: Iterable[tuple[str, bytes]]) -> Imported:
    """Read what Diun wrote; writes nothing."""
    from hclmod.commands import tags

    return tags.take(workspace, sources)


def write_tags(workspace: Workspace, tags: Snapshot) -> str:
    """Write a tag snapshot; the path of its file from the root."""
    from hclmod.commands import tags as tagging

    return tagging.write(workspace, tags)


def explain_tag(workspace: Workspace, image: str) -> tuple[Told, ...]:
    """Why the tag of an image is decided as it is, for each policy under which the repository uses it."""
    from hclmod.commands import tags

    return tags.explain(workspace, tags.seen(workspace, survey(workspace)), image)


def trace(workspace: Workspace, wanted: str) -> tuple[str, ...]:
    """The lines that tell the image at `FILE:LINE` or `STACK/ADDRESS`: chain, literal, who else hangs on it."""
    from hclmod.commands import trace

    uses, unread = _uses(workspace)
    return tuple(trace.tell(uses, trace.find(uses, wanted, unread)))


def trace_rows(workspace: Workspace, wanted: str) -> list[dict[str, Any]]:
    """What `trace` tells, as plain values for machines."""
    from hclmod.commands import trace

    uses, unread = _uses(workspace)
    return trace.rows(uses, trace.find(uses, wanted, unread))
