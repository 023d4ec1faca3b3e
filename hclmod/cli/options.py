"""Options that several commands share, each declared once, and what commands make of them."""

from __future__ import annotations

import json
import tomllib
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct, field
from msgspec.structs import replace

from hclmod import cache
from hclmod.cache import Cache
from hclmod.cli import output
from hclmod.cli.groups import PROGRESS
from hclmod.config import cluster
from hclmod.errors import ConfigError, HclmodError, nearest
from hclmod.numbers import whole_number
from hclmod.reports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project
    from hclmod.reports.model import Report

    Function = Callable[..., Any]

PATHS = click.Path(path_type=Path)


class Source(Struct, frozen=True):
    """The repository that a command works on, with the configuration and rules to use."""

    repository: Path = Path()
    config: Path | None = None
    rules: tuple[Path, ...] = ()
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    cache: bool = True

    def project(self, folder: Path) -> Project:
        """The repository that holds `folder`; nothing is printed."""
        from hclmod.engine.project import open_project

        kept = Cache(cache.folder() if self.cache else None)
        start = folder.resolve()
        return open_project(start, file=self.config, rule_folders=self.rules, options=self.settings, kept=kept)

    def open(self, folder: Path | None = None) -> Project:
        """Open the repository that holds `folder`, by default the one that `-C` names."""
        if folder is None and not self.repository.is_dir():
            raise HclmodError(f"there is no folder {self.repository}", hint="Give -C the folder of a repository.")
        project = self.project(folder or self.repository)
        output.warn(project.config)
        for each in cluster.deprecated_settings(self.settings):
            output.warning(each)
        if names := project.recovered:
            output.warning(f"an earlier run was stopped while it wrote. Put back as before it: {', '.join(names)}")
        if context := click.get_current_context(silent=True):
            context.call_on_close(lambda: output.warn_of_closed(project.closed))
            context.call_on_close(project.keep)
        return project


class View(Struct, frozen=True):
    """How a command shows its report."""

    form: str
    file: Path | None
    verbose: bool = False

    def show(self, project: Project, reports: Sequence[PhaseReport], *, base: str = "HEAD") -> None:
        """Print reports, or write them to the file of `--output`."""
        from hclmod.commands.apply import tell

        report = tell(project, reports, base=base, for_text=self.form == "text")
        output.show_report(report, self.form, self.file, verbose=self.verbose)

    @contextmanager
    def showing(
        self, project: Project, reports: Sequence[PhaseReport], *, base: str = "HEAD", is_of_base: bool = False
    ) -> Iterator[Report]:
        """Do the work of the block, then print reports, also where an error says that it was not done."""
        from hclmod.commands.apply import tell

        report = tell(project, reports, base=base, for_text=self.form == "text", is_of_base=is_of_base)
        try:
            yield report
        except HclmodError:
            output.show_report(report, self.form, self.file, verbose=self.verbose)
            raise
        output.show_report(report, self.form, self.file, verbose=self.verbose)

    def as_diff(self) -> View:
        """The same, as a diff."""
        return replace(self, form="diff")

    def say(self, text: str) -> None:
        """Say something after the report: on standard error where standard output is for a machine."""
        output.say(text, err=self.form != "text")


def settings(context: click.Context, _option: click.Parameter, texts: Sequence[str]) -> dict[str, dict[str, object]]:
    """Read `RULE.OPTION=VALUE`, the values of `--set`. The one rule that `--rule` names may be left out."""
    options: dict[str, dict[str, object]] = {}
    rules: Sequence[str] = context.params.get("rules") or ()
    for text in texts:
        name, equals, value = text.partition("=")
        whole = f"{rules[0]}.{name}" if len(rules) == 1 and name and "." not in name else name
        rule, dot, option = whole.partition(".")
        if not (equals and dot and rule and option):
            hint = "Write RULE.OPTION=VALUE, for example `--set float-image-tag.jobs=false`."
            raise HclmodError(f"invalid value for `--set`: `{text}`", hint=hint)
        options.setdefault(rule, {})[option] = _list(text, value) if value.lstrip().startswith("[") else value
    return options


def _list(text: str, value: str) -> object:
    """A list, written as in JSON or TOML."""
    try:
        return json.loads(value)
    except ValueError:
        pass
    try:
        table = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        table = {}
    if table.keys() != {"value"}:
        hint = """Write a list as in TOML or JSON, and quote it for the shell: `--set 'RULE.OPTION=["a", "b"]'`."""
        raise HclmodError(f"invalid value for `--set`: `{text}` is not a list", hint=hint)
    return table["value"]


def phases(project: Project, text: str, *, dry_run: bool) -> tuple[int, ...]:
    """The phases that `--phase` names: one number, or for a dry run `all`."""
    config = project.config
    if text == "all" and dry_run:
        if not config.phases:
            raise ConfigError(f"{config.path} has no phases", hint="Add [phase.1] with stacks = [...].")
        return tuple(config.phases)
    if (number := whole_number(text)) is None:
        numbers = ", ".join(map(str, config.phases))
        otherwise = f"Phases in {config.path}: {numbers}." if numbers else "Give a number."
        hint = "`all` needs --dry-run." if text == "all" else nearest(text, ["all"], otherwise)
        raise HclmodError(f"invalid phase `{text}`", hint=hint)
    return (number,)


_PART = [
    click.option("--phase", metavar="N", help="List what belongs to this phase only."),
    click.option("--stack", metavar="PATH", help="List what belongs to this stack only, by its path or its name."),
]


def part(function: Function) -> Function:
    """Give a command the options --phase and --stack, for `selected`."""
    return _with(function, _PART)


def selected(project: Project, phase: str | None, stack: str | None) -> Callable[[str, int | None], bool] | None:
    """Whether a stack and a phase are those of --phase and --stack; None where neither is given."""
    if phase is None and stack is None:
        return None
    from hclmod.engine.assignment import no_phase
    from hclmod.terraform import stacks

    path = None if stack is None else stacks.named(stack, project.stacks)
    number = None if phase is None else phases(project, phase, dry_run=False)[0]
    if number is not None and number not in project.config.phases:
        raise no_phase(project.config, number)
    return lambda its_stack, its_phase: path in (None, its_stack) and number in (None, its_phase)


def source(
    *, repository: bool = True, config: bool = True, rules: bool = False, settings: bool = False
) -> Callable[[Function], Function]:
    """Give a command the parameter `source`, made of -C, --config, --rules-dir, --set and --no-cache."""
    chosen = [
        *([_repository] if repository else []),
        *([_config] if config else []),
        *([_rules, _old_rules] if rules else []),
        *([_set] if settings else []),
        _no_cache,
    ]

    def decorate(function: Function) -> Function:
        @wraps(function)
        def command(
            *,
            folder: Path = Path(),
            config_file: Path | None = None,
            rule_folders: tuple[Path, ...] = (),
            old_rule_folders: tuple[Path, ...] = (),
            rule_settings: Mapping[str, Mapping[str, object]] | None = None,
            no_cache: bool = False,
            **others: Any,
        ) -> Any:
            if old_rule_folders:
                output.warning("`--rules` is now `--rules-dir`, and the old name will be removed")
            folders = (*rule_folders, *old_rule_folders)
            source = Source(folder, config_file, folders, rule_settings or {}, not no_cache)
            return function(source=source, **others)

        return _with(command, chosen)

    return decorate


def view(*, diff: bool = True, verbose: bool = True) -> Callable[[Function], Function]:
    """Give a command the parameter `view`, made of the options --format, --diff, --output and --verbose."""
    chosen = [_format, *([_diff] if diff else []), _output, *([_verbose] if verbose else [])]

    def decorate(function: Function) -> Function:
        @wraps(function)
        def command(*, form: str, output_file: Path | None, verbose: bool = False, **others: Any) -> Any:
            return function(view=View(form, output_file, verbose), **others)

        return _with(command, chosen)

    return decorate


def _with(command: Function, options: Sequence[Callable[[Function], Function]]) -> Function:
    for option in reversed(options):
        command = option(command)
    return command


def formats(*names: str) -> Callable[[Function], Function]:
    """The option `--format` of a command that has its own formats."""
    return click.option(
        "--format", "form", type=click.Choice(names), default=names[0], show_default=True, help="Output format."
    )


def _set_progress(context: click.Context, _option: click.Parameter, shown: bool) -> None:
    context.meta[PROGRESS] = shown


progress = click.option(
    "--progress",
    is_flag=True,
    expose_value=False,
    callback=_set_progress,
    help="Show progress on standard error, also if it is not a terminal.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
only_rules = click.option(
    "--rule", "rules", multiple=True, is_eager=True, metavar="ID", help="Run this rule on everything."
)
base = click.option("--base", default="HEAD", show_default=True, metavar="REV", help="The commit to compare with.")
fixtures = click.option(
    "--fixtures", default="fixtures", type=PATHS, metavar="FOLDER", show_default=True, help="Folder of the fixtures."
)
see = click.option(
    "--see", default="", metavar="TEXT", help="Where to find the full report, if the text has to be cut."
)

_repository = click.option(
    "-C", "--repository", "folder", default=".", type=PATHS, metavar="FOLDER", help="Folder of the repository."
)
_config = click.option(
    "--config",
    "config_file",
    type=PATHS,
    metavar="FILE",
    envvar="HCLMOD_CONFIG",
    show_envvar=True,
    help="Read FILE instead of hclmod.toml.",
)
_rules = click.option(
    "--rules-dir",
    "rule_folders",
    type=PATHS,
    multiple=True,
    metavar="FOLDER",
    help="Also load the rules in FOLDER. This runs their code.",
)
_old_rules = click.option("--rules", "old_rule_folders", type=PATHS, multiple=True, hidden=True)
_set = click.option(
    "--set",
    "rule_settings",
    multiple=True,
    metavar="RULE.OPTION=VALUE",
    callback=settings,
    help="""Set an option of a rule. Write a list as '["a", "b"]'. Leave RULE out with one --rule.""",
)
_no_cache = click.option("--no-cache", is_flag=True, help="Neither use nor keep what earlier runs have found.")
_format = formats(*FORMATS)
_diff = click.option("--diff", "form", flag_value="diff", help="Same as --format diff, for `git apply`.")
_output = click.option(
    "--output",
    "output_file",
    type=PATHS,
    metavar="FILE",
    callback=output.writable,
    help="Write the report to FILE.",
)
_verbose = click.option("-v", "--verbose", is_flag=True, help="List every place, and what is left unchanged.")
