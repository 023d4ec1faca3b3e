"""Find rules, load them, fill their options.

Built-in rules come from the installed package. Rules of another folder are other people's code: they are loaded only
where the caller names the folder, never because a configuration says so.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from hclmod.config import cluster
from hclmod.errors import RuleError, nearest
from hclmod.numbers import whole_number
from hclmod.rulekit import mistakes
from hclmod.rulekit.folders import available, builtin_folder, find
from hclmod.rulekit.mistakes import TYPES
from hclmod.rulekit.rule import Option, Rule, accepted

if TYPE_CHECKING:
    import inspect
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hclmod.hcl.views import Block
    from hclmod.markdown.page import Page
    from hclmod.rulekit.drafts import Draft, Siblings
    from hclmod.rulekit.literals import Literal
    from hclmod.rulekit.namelists import Listed
    from hclmod.rulekit.places import LinkedImage, Place
    from hclmod.rulekit.rule import Context, Finding
    from hclmod.terraform.ids import ImageId
    from hclmod.yaml.views import YamlFile

T = TypeVar("T")

_TRUE = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@cache
def _of_phases() -> frozenset[str]:
    """The built-in rules that run without being named."""
    return frozenset(available())


class Loaded(Struct, frozen=True):
    """A rule with its id, the options that it runs with and, for one that is not built in, its file."""

    id: str
    rule: Rule
    options: Mapping[str, Option]
    path: Path | None = None

    def check(self, block: Block, context: Context) -> Iterable[Finding]:
        """What the rule says of a block."""
        return mistakes.findings(self.id, self._call(self.rule.check, block, context))

    def at_places(self, literal: Literal, place: Place, context: Context) -> Iterable[Finding]:
        """What the rule says of a place from which images come."""
        images = self.rule.images
        return mistakes.findings(self.id, self._call(images.at_places, literal, place, context)) if images else ()

    def on_page(self, page: Page, context: Context) -> Iterable[Finding]:
        """What the rule says of a Markdown document."""
        hook = self.rule.on_page
        return mistakes.findings(self.id, self._call(hook, page, context)) if hook else ()

    def on_yaml(self, file: YamlFile, context: Context) -> Iterable[Finding]:
        """What the rule says of a file of YAML."""
        hooks = self.rule.on_yaml
        mine = hooks is not None and hooks.files(file.path)
        return mistakes.findings(self.id, self._call(hooks.at, file, context)) if hooks and mine else ()

    def together(self, images: Sequence[LinkedImage], context: Context) -> Mapping[ImageId, str]:
        """The images that have to stay with others, by what the rule says."""
        hooks = self.rule.images
        return self._call(hooks.together, images, context) if hooks and hooks.together else {}

    def at_lists(self, listed: Listed, context: Context) -> Iterable[Finding]:
        """What the rule says of a list of names."""
        hooks = self.rule.name_lists
        return mistakes.findings(self.id, self._call(hooks.at, listed, context)) if hooks else ()

    def drafts(self, siblings: Siblings, context: Context) -> tuple[Draft, ...]:
        """The files that the rule begins, and why others cannot be begun."""
        return tuple(self._call(self.rule.drafts, siblings, context)) if self.rule.drafts else ()

    @property
    def selects(self) -> bool:
        """Whether it works on what a phase selects, so that each target needs a reason to stay as it is."""
        return self.id in _of_phases()

    @property
    def ties(self) -> bool:
        """Whether the rule says which images have to move together."""
        return self.rule.images is not None and self.rule.images.together is not None

    def __reduce__(self) -> tuple[Callable[..., Loaded], tuple[object, ...]]:
        """Pickled as what loads it: a process that was not forked from this one imports the rule's file itself."""
        return _reloaded, (self.id, self.path or find(self.id), dict(self.options), self.rule.kinds, self.path)

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms of images outside of containers that its options ask for."""
        hooks = self.rule.images
        return self._call(hooks.forms) if hooks and hooks.forms else ()

    def _call(self, hook: Callable[..., T], *arguments: object) -> T:
        return hook(*arguments, **accepted(hook, self.options))


def load(
    ids: Iterable[str] | None,
    options: Mapping[str, Mapping[str, object]],
    folders: Sequence[Path | None] = (None,),
) -> tuple[Loaded, ...]:
    """The rules of these ids in this order (all built-in ones by default), each with its options checked."""
    chosen = tuple(available()) if ids is None else tuple(ids)
    return tuple(_loaded(rule, find(rule, folders), options.get(rule, {})) for rule in chosen)


def check_options(options: Mapping[str, Mapping[str, object]], folders: Sequence[Path | None] = (None,)) -> None:
    """Raise `RuleError` for options of a rule that does not exist, or that it does not have."""
    _, own = cluster.split(options)
    load(own, own, folders)


def _loaded(name: str, path: Path, given: Mapping[str, object]) -> Loaded:
    rule = _module_rule(name, path.absolute())
    known = rule.options()
    for option in given:
        if option not in known:
            hint = nearest(option, known, f"Its options: {', '.join(known) or 'none'}.")
            raise RuleError(f"rule `{name}` has no option `{option}`", hint=hint)
    values = {option: _value(name, known[option], value) for option, value in given.items()}
    return Loaded(name, rule, values, None if path.is_relative_to(builtin_folder()) else path)


def blame(error: Exception, rules: Iterable[Loaded]) -> str:
    """Which rule that is not built in raised an error and on which line of its file; empty where none did."""
    own = {each.path.resolve(): each.id for each in rules if each.path is not None}
    frames = [(Path(frame.filename).resolve(), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    for file, line in reversed(frames):
        if file in own:
            words = " ".join("".join(traceback.format_exception_only(error)).split())
            return f"rule {own[file]} failed at {file.name}:{line}: {words}"
    return ""


@cache
def _module_rule(name: str, path: Path) -> Rule:
    builtin = path.is_relative_to(builtin_folder())
    if not builtin:
        mistakes.refuse_dropped_findings(name, path.name, path.read_bytes())
    try:
        module = importlib.import_module(_module_name(path))
    except (Exception, SystemExit) as error:  # a rule file may do anything while it is imported
        raise RuleError(
            f"rule `{name}` does not load: {type(error).__name__}: {error}", hint=f"Mend {path.name}."
        ) from error
    rule = getattr(module, "rule", None)
    if not isinstance(rule, Rule):
        raise RuleError(f"rule `{name}` does not load: {path.name} exports no `rule`")
    if not builtin:
        mistakes.refuse(name, rule)
    return rule


def _reloaded(
    name: str,
    path: Path,
    options: Mapping[str, Option],
    kinds: tuple[str, ...],
    own: Path | None,
) -> Loaded:
    rule = replace(_module_rule(name, path.absolute()), kinds=kinds)
    return Loaded(name, rule, options, own)


def _module_name(path: Path) -> str:
    """The name under which a file is imported; a built-in one in a subfolder shares the modules above it."""
    builtin = builtin_folder()
    if path.parent.parent == builtin:
        return f"{_package(builtin)}.{path.parent.name}.{path.stem}"
    return f"{_package(path.parent)}.{path.stem}"


@cache
def _package(folder: Path) -> str:
    """Make a folder importable as a package of its own, so that its files may share modules named `_x.py`."""
    name = f"hclmod_rules_{zlib.crc32(str(folder.resolve()).encode()):08x}"
    spec = importlib.util.spec_from_loader(name, loader=None, is_package=True)
    if spec is None:  # pragma: no cover - cannot be for a package without a loader
        raise RuleError(f"the folder {folder} cannot be loaded as rules")
    module = importlib.util.module_from_spec(spec)
    module.__path__ = [str(folder)]
    sys.modules[name] = module
    return name


def _value(rule: str, parameter: inspect.Parameter, value: object) -> Option:
    """An option's value from TOML or from the command line, in the type that the rule declares."""
    kind = str(parameter.annotation)
    converted = _converted(kind, value)
    if converted is None:
        raise RuleError(f"option `{rule}.{parameter.name}` wants {TYPES.get(kind, kind)}, not {value!r}")
    return converted


def _converted(kind: str, value: object) -> Option | None:  # noqa: PLR0911 - a table of types
    match kind, value:
        case "str" | "Address", str():
            return value
        case "bool", bool():
            return value
        case "bool", str():
            return _TRUE.get(value.lower())
        case "int", int() if not isinstance(value, bool):
            return value
        case "int", str() if (number := whole_number(value.removeprefix("-"))) is not None:
            return -number if value.startswith("-") else number
        case "tuple[str, ...]", str():
            return tuple(part.strip() for part in value.split(",") if part.strip())
        case "tuple[str, ...]", list() | tuple() if all(isinstance(each, str) for each in value):
            return tuple(value)
    return None
