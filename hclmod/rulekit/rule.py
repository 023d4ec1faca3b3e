"""What a rule is made of: `Rule` around a check, the `Context` it is given, the findings it yields."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from hclmod.config.policies import merged
from hclmod.hcl.edits import Fix, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.terraform.stacks import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hclmod.config.file import Config
    from hclmod.config.policies import ImagePolicy
    from hclmod.hcl.views import Attribute, Block, Expression
    from hclmod.images.evidence import Snapshot
    from hclmod.rulekit.facts import Facts
    from hclmod.rulekit.places import Followed, Key, Literal, Place
    from hclmod.terraform.stacks import Assignment

    View = Attribute | Block | Expression | Literal

Option = str | bool | int | tuple[str, ...]


class Level(Enum):
    """How much a finding without a fix asks of the reader."""

    WARNING = "warning"  # a person has to look
    NOTE = "note"  # left alone, and rightly so


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says about one place; with a fix it is a change, without one a target left alone.

    `effect` tells what the change does to the running cluster when it is applied (`rolls the pods`), empty for nothing.
    `origins` are the chains through which a value comes to where it is used (`image -> var.tag -> default of var.tag`).
    `cells` are answers by name, for commands that make a table or a list of them.
    """

    address: str
    span: Span
    message: str
    fix: Fix | None = None
    level: Level = Level.WARNING
    effect: str = ""
    origins: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace that the repository declares, and who lives in it.

    `name` is None where it cannot be read. `workloads` are the addresses that the phase at hand selects,
    `others` maps those of other phases (None: of no phase) to their phase; those of other stacks are named with their
    stack. `owners` are the resources that declare it, where that is another stack's business. `names` are those of a
    resource that declares several, with `for_each` or in a module of several callers; its `name` is None.
    """

    name: str | None
    workloads: tuple[str, ...] = ()
    others: Mapping[str, int | None] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know beyond the block it is offered; all of it values, none of it the file system."""

    config: Config
    tags: Snapshot
    phase: int | None = None
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)  # of this module, by address
    homes: Mapping[str, Namespace | None] = field(default_factory=dict)  # of this module's workloads, by address
    names: tuple[str, ...] = ()  # of all namespaces of the phase, sorted, for allowlists
    places: tuple[Place, ...] = ()  # of this document
    followed: Mapping[tuple[str, str], Followed] = field(
        default_factory=dict
    )  # by address and container (dynamic: image)
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # resources, to callers outside the phase
    rules: tuple[str, ...] = ()  # all of this run
    facts: Mapping[str, Facts] = field(default_factory=dict)  # of this module's resources, by address
    changed: frozenset[tuple[str, str]] = frozenset()  # rule and address of what earlier rounds of this run fixed
    stack: str = ""  # the path of the one at hand
    folder: str = ""  # of this document
    assignment: Assignment | None = None
    held: Mapping[Key, str] = field(default_factory=dict)  # images that stay with others, to whom and why
    merged: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)  # a workload's blocks, an override last

    def others(self, workload: Block) -> tuple[Block, ...]:
        """The blocks of other documents that Terraform merges with a workload's, in its order."""
        path = workload.source.document.path
        return tuple(each for each in self.merged.get(workload.address, ()) if each.source.document.path != path)

    def overriding(self, workload: Block) -> str:
        """The document whose block replaces the pods of this one, empty where none does: a nested block wins whole."""
        blocks = [each for each in self.merged.get(workload.address, ()) if each.blocks("spec")]
        last = blocks[-1].source.document.path if blocks else ""
        return "" if last == workload.source.document.path else last

    def policy(self, image: str, stack: str, folder: str, address: str) -> ImagePolicy | None:
        """What the config says of an image in a workload (with its module's instance), whose own table comes first."""
        module, inner = split(address) if "." in address else ("", address)
        own = self.assignment.policy_of(stack, folder, inner, module) if self.assignment else None
        return merged([each for each in (own, self.config.policy_for(image)) if each])

    def home(self, workload: str) -> Namespace | None:
        """The namespace in which a workload of this module lives; None where the repository does not declare it."""
        return self.homes.get(workload)


@dataclass(frozen=True, slots=True)
class Rule:
    """A check and the resource types whose blocks it is offered.

    The check is a generator of findings, called as `check(block, context, **options)`; its keyword-only parameters
    are the options, annotated `str`, `bool`, `int` or `tuple[str, ...]`.

    `at_places`, where given, is called as `at_places(literal, place, context, **options)` for each place outside of
    containers from which images of the phase come.

    `forms` names the option that lists the forms of images outside of containers (`outside.FORMS`) whose places it is
    offered as well.

    `together`, where given, is called once a run as `together(images, context, **options)` with all images
    (`places.Companion`) that share a repository, a literal or a group of `[images]` with others; it returns those that
    have to stay with another one, and says with which. Every rule of the run finds that in `Context.held`.

    `coupled` are the keys of map entries that may be written with the local or variable of an image's tag and so follow
    it by themselves: reading it there forbids nothing.

    `reaches` names the options that hold the address (STACK/TYPE.NAME) of a resource which the check is
    offered too, though no phase selects it.

    `follows` asks for `Context.followed` and `Context.places`, `informed` for `Context.facts`. `more_kinds`, called as
    `more_kinds(config, options)`, names further resource types.
    """

    check: Callable[..., Iterator[Finding]]
    kinds: tuple[str, ...]
    reaches: tuple[str, ...] = ()
    at_places: Callable[..., Iterator[Finding]] | None = None
    forms: str = ""
    together: Callable[..., Mapping[Key, str]] | None = None
    coupled: tuple[str, ...] = ()
    follows: bool = False
    informed: bool = False
    more_kinds: Callable[[Config, Mapping[str, Option]], tuple[str, ...]] | None = None

    def options(self) -> dict[str, inspect.Parameter]:
        """The keyword-only parameters of the check: name, default and, as text, type."""
        parameters = inspect.signature(self.check).parameters.values()
        return {each.name: each for each in parameters if each.kind is each.KEYWORD_ONLY}

    def grown(self, config: Config, options: Mapping[str, Option]) -> Rule:
        """The rule with the resource types that the configuration adds."""
        more = self.more_kinds(config, options) if self.more_kinds else ()
        return replace(self, kinds=tuple(dict.fromkeys((*self.kinds, *more)))) if more else self


def warn(place: View | Span, address: str, message: str) -> Finding:
    """A finding that a person has to look at."""
    return Finding(address, _span(place), message)


def note(place: View | Span, address: str, message: str) -> Finding:
    """A target that is left alone, and why."""
    return Finding(address, _span(place), message, level=Level.NOTE)


def change(
    place: View | Span, address: str, message: str, make: Callable[[], Fix | None], effect: str = ""
) -> Iterator[Finding]:
    """The fix that `make` returns, nothing where it returns None, and a warning where it cannot be done."""
    try:
        fix = make()
    except UnfixableError as error:
        yield warn(place, address, f"not done: {message}: {error}")
        return
    if fix is not None:
        yield Finding(address, _span(place), message, fix, effect=effect)


def _span(place: View | Span) -> Span:
    return place if isinstance(place, Span) else place.span
