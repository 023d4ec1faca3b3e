"""What a rule is made of: `Rule` around a check, the `Context` it is given, the findings it yields."""

from __future__ import annotations

import inspect
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, NewType

from msgspec import Struct, field
from msgspec.structs import replace

from hclmod.config.policies import merged
from hclmod.hcl.edits import Fix, Span
from hclmod.hcl.indentation import ElsewhereError, UnfixableError
from hclmod.terraform.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hclmod.config.file import Config
    from hclmod.config.policies import ImagePolicy
    from hclmod.hcl.views import Attribute, Block, Expression
    from hclmod.images.evidence import Snapshot
    from hclmod.rulekit.drafts import Draft
    from hclmod.rulekit.facts import Facts, Namespace
    from hclmod.rulekit.literals import Literal
    from hclmod.rulekit.namelists import NameList, NameListHooks
    from hclmod.rulekit.places import Followed, Place, TagVariable
    from hclmod.scan.cluster import ClusterObjects
    from hclmod.scan.pipelines import ImageSetter
    from hclmod.terraform.ids import ImageId
    from hclmod.terraform.stacks import Assignment
    from hclmod.yaml.views import YamlFile

    View = Attribute | Block | Expression | Literal

Option = str | bool | int | tuple[str, ...]

Address = NewType("Address", str)
"""The type of an option that holds the address of a resource (STACK/TYPE.NAME), which the check is offered too."""

BLOCKS = ("resource", "data", "module", "provider", "terraform", "variable")
"""The types of the blocks that rules are offered."""


class Level(Enum):
    """How much a finding without a fix asks of the reader."""

    WARNING = "warning"  # a person has to look
    NOTE = "note"  # left alone on purpose


class Finding(Struct, frozen=True, kw_only=True):
    """What a rule says about one place. With a fix it is a change, without one a target left alone.

    `code` names the cause and stays the same when the message changes. `address` is empty for the block at hand.
    `effect` is what the change does to the running cluster when it is applied (`rolls the pods`), empty for nothing.
    `origins` are the chains through which a value comes to where it is used (`image -> var.tag -> default of var.tag`).
    `subject` is what several findings of one cause may share, such as an image, and `advice` is what to do about all of
    them: reports group by both. `cells` are answers by name, for commands that make a table or a list of them.
    `elsewhere` is the other document in which stands what would have to be edited; `span` is `NOWHERE` for a place of
    another document.
    """

    span: Span
    code: str
    message: str
    fix: Fix | None = None
    level: Level = Level.WARNING
    effect: str = ""
    origins: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    address: str = ""
    elsewhere: str = ""
    subject: str = ""
    advice: str = ""

    @property
    def is_open(self) -> bool:
        """Whether there is something to do: a change, or a decision of a person."""
        return self.fix is not None or self.level is Level.WARNING

    if not TYPE_CHECKING:  # the type checker refuses `yield from` by itself

        def __iter__(self):  # noqa: ANN204
            message = "a finding is one value: write `yield`, not `yield from`, in front of it"
            raise TypeError(message)


class Context(Struct, frozen=True, kw_only=True):
    """What a rule may know beyond the block it is offered; all of it values, none of it the file system."""

    config: Config
    tags: Snapshot
    phase: int | None = None
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)  # of this module, by address
    namespace_of: Mapping[str, Namespace | None] = field(default_factory=dict)  # this module's workloads, by address
    names: tuple[str, ...] = ()  # of all namespaces of the phase, sorted, for allowlists
    places: tuple[Place, ...] = ()  # of this document
    lists: tuple[NameList, ...] = ()  # of this document, those that the config names
    followed: Mapping[tuple[str, str], Followed] = field(
        default_factory=dict
    )  # by address and container (dynamic: image)
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # resources, to callers outside the phase
    rules: tuple[str, ...] = ()  # all of this run
    facts: Mapping[str, Facts] = field(default_factory=dict)  # of this module's resources, by address
    changed: frozenset[tuple[str, str]] = frozenset()  # rule and address of what earlier rounds of this run fixed
    changed_at: frozenset[tuple[str, str]] = frozenset()  # and rule and path
    stack: str = ""  # the path of the one at hand
    unread: tuple[str, ...] = ()  # documents of the stack that declare namespaces and cannot be read, with the reason
    folder: str = ""  # of this document
    assignment: Assignment | None = None
    blocked: Mapping[ImageId, str] = field(default_factory=dict)  # images that stay with others, to whom and why
    pipelines: tuple[ImageSetter, ...] = ()  # commands of the repository's pipelines that set images
    merged: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)  # a resource's blocks, an override last
    objects: ClusterObjects | None = None  # of all stacks, those that rules ask for; None where none asks
    done: tuple[int, ...] = ()  # the completed phases, for rules with `on_page`
    yaml: Mapping[str, YamlFile] = field(default_factory=dict)  # what `on_yaml` is for, as it was, by path
    paths: tuple[str, ...] = ()  # of all files of the repository, for rules with `on_yaml`
    answers: tuple[Finding, ...] | None = None  # what another rule said before, None where it was not asked
    variables: Mapping[str, TagVariable] = field(default_factory=dict)  # of this folder that make tags, by address

    def overridden(self, workload: Block) -> tuple[Block, ...]:
        """The blocks of all documents whose pods an override file replaces: a nested block wins whole."""
        return tuple(each for each in self.merged.get(workload.address, ()) if each.blocks("spec"))[:-1]

    def id_of(self, block: Block) -> ResourceId:
        """The id of a block of this document, without the instances of its module."""
        return ResourceId(self.stack, "", self.folder, block.address)

    def policy(self, image: str, workload: ResourceId) -> ImagePolicy | None:
        """What the config says of an image in a workload, whose own table comes first."""
        own = self.assignment.policy_of(workload) if self.assignment else None
        return merged([each for each in (own, self.config.policy_for(image)) if each])

    def namespace(self, workload: str) -> Namespace | None:
        """The namespace of a workload of this module; None where the repository does not declare it."""
        return self.namespace_of.get(workload)


class ImageHooks(Struct, frozen=True, kw_only=True):
    """What a rule does about images whose tag does not stand in a container. Each hook takes the options it names.

    `at_places`, called as `at_places(literal, place, context, **options)`, yields findings for each place outside of
    containers from which images of the phase come. `forms(**options)` names the forms of images outside of containers
    whose places it is offered as well (`hclmod survey` lists them).

    `together`, called once a run as `together(images, context, **options)` with all images (`LinkedImage`) that share a
    repository, a literal or a group of `[images]` with others, returns those that have to stay with another one, and
    with which. Every rule of the run finds that in `Context.held`.

    With `names` it is offered the literals in which names of images begin as well, also those in containers.

    `coupled` are the keys of map entries that may be written with the local or variable of an image's tag and so follow
    it by themselves: reading it there forbids nothing.
    """

    at_places: Callable[..., Iterable[Finding]]
    together: Callable[..., Mapping[ImageId, str]] | None = None
    forms: Callable[..., tuple[str, ...]] | None = None
    coupled: tuple[str, ...] = ()
    names: bool = False


class YamlHooks(Struct, frozen=True, kw_only=True):
    """What a rule does about whole files of YAML.

    `files` says by the path whether it is for a file. `at`, called as `at(file, context, **options)`, yields findings
    for one (`YamlFile`). A fix that deletes the file comes before all others. `Context.yaml` has all of these files as
    they were when the run began.
    """

    files: Callable[[str], bool]
    at: Callable[..., Iterable[Finding]]


class _Check(Struct, frozen=True):
    check: Callable[..., Iterable[Finding]]


class Rule(_Check, frozen=True, kw_only=True):
    """A check, the kinds of blocks that it is offered, and what it needs to know beyond them.

    The check is a generator of findings, called as `check(block, context, **options)`. Its keyword-only parameters are
    the options: `str`, `bool`, `int`, `tuple[str, ...]` or `Address`, by their annotation or else by their default.

    A kind is a resource type (`helm_release`), a type of block (`BLOCKS`), or both (`data.aws_ami`, `provider.aws`).
    `more_kinds`, called as `more_kinds(config)`, adds kinds that the configuration names.

    `objects` are words by which the documents are found whose objects the rule wants to know. `Context.objects` then
    has what those documents give to the cluster, in whatever form.

    `drafts`, called once a run on the whole repository as `drafts(siblings, context, **options)`, yields the files that
    the rule begins, and why others cannot be begun.

    `on_page`, called as `on_page(page, context, **options)`, yields findings for each Markdown document (`Page`). A
    rule that has it is offered the blocks of all folders, also of modules that no workload of a stack comes from.

    `on_yaml` is what it does with whole files of YAML.

    `name_lists` is what it does with the list of names that the config names.

    `needs` may hold `"origins"`, which fills `Context.followed` and `Context.places`, `"facts"`, which fills
    `Context.facts`, and `"variables"`, which fills `Context.variables`. They read other stacks too, so a rule asks for
    them only if it uses them.
    """

    kinds: tuple[str, ...]
    needs: Collection[str] = frozenset()
    objects: tuple[str, ...] = ()
    images: ImageHooks | None = None
    more_kinds: Callable[[Config], tuple[str, ...]] | None = None
    drafts: Callable[..., Iterable[Draft]] | None = None
    on_page: Callable[..., Iterable[Finding]] | None = None
    on_yaml: YamlHooks | None = None
    name_lists: NameListHooks | None = None

    @property
    def hooks(self) -> tuple[Callable[..., object], ...]:
        """The functions that take options."""
        images = (self.images.at_places, self.images.together, self.images.forms) if self.images else ()
        at_list = self.name_lists.at if self.name_lists else None
        at_yaml = self.on_yaml.at if self.on_yaml else None
        return (self.check, *(each for each in (*images, self.drafts, self.on_page, at_list, at_yaml) if each))

    def options(self) -> dict[str, inspect.Parameter]:
        """The keyword-only parameters of the hooks: name, default and, as text, type."""
        return {option_name(each): each for hook in self.hooks for each in parameters(hook)}

    def is_for(self, block: Block) -> bool:
        """Whether a block is of one of its kinds."""
        kinds, label = self.kinds, block.type_label
        plain = block.type == "resource" and label in kinds
        return plain or block.type in kinds or f"{block.type}.{label}" in kinds

    def grown(self, config: Config) -> Rule:
        """The rule with the kinds that the configuration adds."""
        more = self.more_kinds(config) if self.more_kinds else ()
        return replace(self, kinds=tuple(dict.fromkeys((*self.kinds, *more)))) if more else self

    @property
    def follows(self) -> bool:
        """Whether it needs to know where images come from."""
        return bool({"origins", "variables"} & set(self.needs)) or self.images is not None

    @property
    def informed(self) -> bool:
        """Whether it needs the facts of all stacks."""
        return "facts" in self.needs

    @property
    def forms(self) -> str:
        """The option that names forms of images outside of containers, empty without one."""
        hook = self.images.forms if self.images else None
        return next((each.name for each in parameters(hook)), "") if hook else ""

    @property
    def names(self) -> bool:
        """Whether it is about the names of images, and not about their tags alone."""
        return self.images is not None and self.images.names

    @property
    def coupled(self) -> tuple[str, ...]:
        """The keys of map entries that follow an image's tag by themselves."""
        return self.images.coupled if self.images else ()

    @property
    def reaches(self) -> tuple[str, ...]:
        """The options that hold the address of a resource, which the check is offered though no phase selects it."""
        return tuple(name for name, each in self.options().items() if each.annotation == Address.__name__)


@cache
def parameters(hook: Callable[..., object]) -> tuple[inspect.Parameter, ...]:
    """The keyword-only parameters of a hook, each annotated with the name of its type (empty where it is not known)."""
    every = inspect.signature(hook).parameters.values()
    return tuple(each.replace(annotation=_type(each)) for each in every if each.kind is each.KEYWORD_ONLY)


def accepted(hook: Callable[..., object], options: Mapping[str, Option]) -> dict[str, Option]:
    """Those of the options that a hook names."""
    names = {each.name: option_name(each) for each in parameters(hook)}
    return {name: options[option] for name, option in names.items() if option in options}


def option_name(parameter: inspect.Parameter) -> str:
    """The option that a parameter is: `from_` is `from`, which Python keeps for itself."""
    return parameter.name.removesuffix("_")


def _type(parameter: inspect.Parameter) -> str:
    declared = parameter.annotation  # a text, or the type itself where the file does not postpone annotations
    if declared is not parameter.empty:
        return declared.__name__ if isinstance(declared, type | NewType) else str(declared)
    default = type(parameter.default)
    return "tuple[str, ...]" if default is tuple else default.__name__ if default in (str, bool, int) else ""


def warn(place: View | Span, code: str, message: str, *, address: str = "") -> Finding:
    """A finding that a person has to look at."""
    return Finding(span=_span(place), code=code, message=message, address=address)


def note(place: View | Span, code: str, message: str, *, address: str = "") -> Finding:
    """A target that is left alone, and why."""
    return Finding(span=_span(place), code=code, message=message, level=Level.NOTE, address=address)


def change(
    place: View | Span,
    code: str,
    message: str,
    make: Callable[[], Fix | None],
    *,
    effect: str = "",
    otherwise: Finding | None = None,
    address: str = "",
) -> Finding:
    """The fix that `make` returns, and a warning where it cannot be done (`make` raises `UnfixableError`).

    Where `make` returns None there is nothing to do: then it is `otherwise`, or a note that says so.
    """
    try:
        fix = make()
    except UnfixableError as error:
        where = error.document if isinstance(error, ElsewhereError) else ""
        return replace(warn(place, code, f"not done: {message}: {error}", address=address), elsewhere=where)
    if fix is None:
        return otherwise or note(place, NOTHING_TO_DO, f"nothing to do: {message}", address=address)
    return Finding(span=_span(place), code=code, message=message, fix=fix, effect=effect, address=address)


NOTHING_TO_DO = "nothing-to-do"
"""The code of a change that is made already."""


NOWHERE = Span(0, 0)
"""The span of a place in a document that is not the one at hand."""


def _span(place: View | Span) -> Span:
    if isinstance(place, Span):
        return place
    source = getattr(place, "source", None)
    return NOWHERE if source is not None and source.foreign else place.span
