"""The tag snapshot of a repository: which images to ask about, what was learnt, and why a tag is decided as it is."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod import files, journal
from hclmod.config import policies
from hclmod.engine.assignment import no_phase
from hclmod.errors import HclmodError, RefusedError
from hclmod.images import decide, evidence, reference
from hclmod.images.decide import Keep
from hclmod.images.tags import HOLDERS_OF_DATA
from hclmod.scan.outside import together, users
from hclmod.terraform import stacks as stack
from hclmod.terraform.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from hclmod.config.policies import ImagePolicy
    from hclmod.engine.project import Project
    from hclmod.http import Patience
    from hclmod.images.evidence import Snapshot
    from hclmod.images.explain import Explanation
    from hclmod.images.reference import Reference
    from hclmod.registries.questions import Wish

_WORDS = frozenset({"", *policies.WORDS})


class Seen(Struct, frozen=True, kw_only=True):
    """One image of the repository with what the config says of it: who uses it, and in which phase."""

    image: Reference
    user: str  # `stack/address container`
    phase: int | None
    policy: ImagePolicy | None
    movable: bool  # false for what no rule changes, such as the base of a Dockerfile


class Refreshed(Struct, frozen=True):
    """What a refresh learnt, and the snapshot with it; `failed` says by image why it is not known."""

    snapshot: Snapshot
    learnt: tuple[str, ...]
    failed: Mapping[str, str]
    interrupted: bool = False


class Imported(Struct, frozen=True):
    """What was taken from files of Diun: the images, those of which more was known, what could not be read."""

    snapshot: Snapshot
    taken: tuple[str, ...]
    kept: tuple[str, ...]
    problems: tuple[str, ...]


class Told(Struct, frozen=True, kw_only=True):
    """The explanation of one image, with the policy that applied, for whom it holds, and what moves with it."""

    image: Reference
    policy: ImagePolicy | None
    explanation: Explanation
    users: tuple[str, ...]
    group: tuple[str, ...]  # the other images of its group


def seen(project: Project) -> tuple[Seen, ...]:
    """Every image that could be followed to its end, in containers and outside of them."""
    return (*_in_containers(project), *_outside(project))


def _in_containers(project: Project) -> Iterator[Seen]:
    for use in project.model.uses:
        for image in (reference.parse(text) for text in use.texts if text):
            if image is not None:
                user = f"{use.id.stack}/{use.id.full} {use.image.label}"
                phase = project.assignment.phase_of(use.id)
                yield Seen(image=image, user=user, phase=phase, policy=_policy(project, use.id, image), movable=True)


def _outside(project: Project) -> Iterator[Seen]:
    from hclmod.scan.find import FORMS

    for shared in together(project.outside_images):
        at, image = shared[0].location, reference.parse(shared[0].shown)
        if image is not None:
            phases = (project.assignment.phase_of(resource) for each in shared if (resource := each.location.resource))
            phase = min((each for each in phases if each is not None), default=None)
            address = users(shared)
            module, inner = stack.split(address) if "." in address else ("", address)
            policy = _policy(project, ResourceId(at.stack, module, at.stack, inner), image)
            yield Seen(
                image=image,
                user=f"{at.stack}/{address} {at.form}".strip("/ "),
                phase=phase,
                policy=policy,
                movable=at.form in FORMS,
            )


def _policy(project: Project, resource: ResourceId, image: Reference) -> ImagePolicy | None:
    """What the config says of an image, the table of the workload first."""
    chosen = (project.assignment.policy_of(resource), project.config.policy_for(image.name))
    return policies.merged([each for each in chosen if each])


def wishes(project: Project, images: Sequence[Seen], names: Sequence[str], phases: Collection[int]) -> tuple[Wish, ...]:
    """The images to ask about, by name: those of `names`, of the phases, or all; with every pin of the repository.

    Left out unless it is named: an image none of whose tags is open, as it floats, holds data or is never to float.
    """
    from hclmod.registries.questions import Wish

    asked = [_image(name) for name in names]
    chosen = _chosen([each for each in images if each.movable], asked, phases)
    pins: dict[str, set[str]] = defaultdict(set)
    targets: dict[str, set[str]] = defaultdict(set)
    for named in asked:
        pins[named.name].update([named.tag] if named.tag else [])
    for each in chosen:
        if each.image.tag and _is_open(project, each):
            pins[each.image.name].add(each.image.tag)
            targets[each.image.name].update({each.policy.float} - _WORDS if each.policy else ())
    return tuple(Wish(name, tuple(sorted(pins[name])), tuple(sorted(targets[name]))) for name in sorted(pins))


def _chosen(images: Sequence[Seen], asked: Sequence[Reference], phases: Collection[int]) -> list[Seen]:
    """The images whose name is asked for; without any name those that the phases use, or all."""
    names = {each.name for each in asked}
    names = names or {each.image.name for each in images if not phases or each.phase in phases}
    return [each for each in images if each.image.name in names]


def _is_open(project: Project, each: Seen) -> bool:
    """Whether knowledge of a registry could change what is decided about an image."""
    return not isinstance(decide.decide(each.image, each.policy, None, stateful=_stateful(project)), Keep)


def _stateful(project: Project) -> tuple[str, ...]:
    return (*HOLDERS_OF_DATA, *project.config.stateful)


def refresh(
    project: Project,
    names: Sequence[str] = (),
    phases: Collection[int] = (),
    *,
    watch: Callable[[str], None] = lambda _name: None,
    begin: Callable[[int], None] = lambda _count: None,
    patience: Patience | None = None,
) -> Refreshed:
    """Ask registries about the images that are named, that these phases use, or all; writes nothing.

    Images that could not be asked keep what the snapshot had. `begin` hears how many images will be asked about,
    `watch` the name of each that is done.
    """
    for number in phases:
        if number not in project.config.phases:
            raise no_phase(project.config, number)
    target = wishes(project, seen(project), names, phases)
    begin(len(target))
    from hclmod.http import Patience
    from hclmod.registries import refresh

    asking = refresh.Settings(project.config.registries, os.environ, _now(), patience or Patience())
    learnt = refresh.refresh(target, asking, watch)
    merged = evidence.refreshed(project.tags, learnt.images)
    return Refreshed(merged, tuple(sorted(learnt.images)), dict(sorted(learnt.failed.items())), learnt.interrupted)


def take(project: Project, sources: Iterable[tuple[str, bytes]]) -> Imported:
    """Read what Diun wrote, each source with the name to call it by; writes nothing."""
    from hclmod.images import diun

    merged, taken, problems = project.tags, set[str](), list[str]()
    for path, data in sources:
        read = diun.read(data, path, _now())
        merged = evidence.imported(merged, read.images)
        taken |= read.images.keys()
        problems += read.problems
    kept = {name for name in taken if merged.images[name] == project.tags.images.get(name)}
    return Imported(merged, tuple(sorted(taken - kept)), tuple(sorted(kept)), tuple(problems))


def write(project: Project, new: Snapshot) -> str:
    """Put a snapshot in the place of the old one, in one step; the path of its file.

    What another run has written there meanwhile about other images stays.
    """
    name = project.config.tags
    learnt = {image: known for image, known in new.images.items() if project.tags.images.get(image) != known}
    for last in (False, False, True):
        now = files.content(project.root, name)
        snapshot = evidence.refreshed(evidence.parse(now, name), learnt) if now else new
        try:
            if (data := evidence.dump(snapshot)) != now:
                journal.replace_all(project.root, {name: data}, {name: now})
        except RefusedError:  # another run was faster
            if last:
                raise
        else:
            break
    return name


def explain(project: Project, target: str) -> tuple[Told, ...]:
    """Explain the decision about an image, once for each policy under which the repository uses it."""
    from hclmod.images import explain

    images = seen(project)
    asked = _image(target)
    users: dict[ImagePolicy | None, list[str]] = defaultdict(list)
    for each in images:
        if (each.image.name, each.image.tag, each.image.digest) == (asked.name, asked.tag, asked.digest):
            users[each.policy].append(each.user)
    if not users:
        users[project.config.policy_for(asked.name)] = []
    known = project.tags.image(asked.name)
    return tuple(
        Told(
            image=asked,
            policy=policy,
            explanation=explain.explain(asked, policy, known, _stateful(project)),
            users=tuple(sorted(set(those))),
            group=_group(images, asked, policy),
        )
        for policy, those in sorted(users.items(), key=lambda pair: pair[1])
    )


def _group(images: Sequence[Seen], asked: Reference, policy: ImagePolicy | None) -> tuple[str, ...]:
    """The other images of a group, with who uses them."""
    if policy is None or not policy.group:
        return ()
    others = (each for each in images if each.policy and each.policy.group == policy.group)
    return tuple(sorted({f"{each.image} ({each.user})" for each in others if each.image.name != asked.name}))


def lines(row: Told) -> Iterator[str]:
    """The lines that explain a decision to a person."""
    explained = row.explanation
    yield f"{row.image} {explained.outcome}"
    yield from _listed("because", (explained.why,))
    yield from _listed("policy", (_written(row.policy),))
    yield from _listed("evidence", explained.evidence)
    yield from _listed("would change it", explained.change)
    yield from _listed("moves with", row.group)
    yield from _listed("used by", row.users or ("nothing in this repository",))


def _listed(title: str, lines: tuple[str, ...]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {'' if number else title:<15}  {line}"


def _written(policy: ImagePolicy | None) -> str:
    if policy is None:
        return "none of hclmod.toml; `latest` on evidence, else the major, else the last resort"
    keys = {name: getattr(policy, name) for name in ("float", "reason", "group", "policy")}
    values = ", ".join(f'{name} = "{value}"' for name, value in keys.items() if value)
    return f'"{policy.pattern}" in hclmod.toml: {values}'


def _image(text: str) -> Reference:
    known = reference.parse(text)
    if known is None:
        hint = "Write it as in a container, such as `ghcr.io/immich-app/immich-server:v1.2.3`."
        raise HclmodError(f"`{text}` is not an image", hint=hint)
    return known


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
