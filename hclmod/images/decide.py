"""Which tag an image may float on: `latest` where it is proven, else the major, else a last resort.

Evidence is the tag snapshot and the person's word in `hclmod.toml`. What is not known is never written, and
nothing ever goes down.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from hclmod.images import tags
from hclmod.images.evidence import TagInfo
from hclmod.images.tags import TagClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hclmod.images.evidence import ImageTags
    from hclmod.images.reference import Reference


class Policy(Protocol):
    """What a person decided for an image: `latest`, `major`, a tag, or `never`, and why."""

    @property
    def float(self) -> str:
        """The tag to float on, or one of the three words; empty where nothing was decided."""

    @property
    def reason(self) -> str:
        """Why; only `never` must say it."""

    @property
    def is_exact(self) -> bool:
        """Whether it is for this image, and not for many by a pattern."""


class Float(Struct, frozen=True):
    """Write this tag."""

    tag: str
    why: str


class Keep(Struct, frozen=True):
    """The tag is right as it is; `floating` says whether it moves, or is pinned on purpose."""

    why: str
    floating: bool


class LastResort(Struct, frozen=True):
    """No tag of this image can float: leave it, and let Terraform ignore the image."""

    why: str


class Unknown(Struct, frozen=True):
    """Nothing proves an answer; `what_to_do` would."""

    why: str
    what_to_do: str


Decision = Float | Keep | LastResort | Unknown


class _No(Struct, frozen=True):
    why: str
    proven: bool = True  # False: more evidence could make it a yes


def decide(
    reference: Reference, policy: Policy | None, known: ImageTags | None, *, stateful: Sequence[str] = ()
) -> Decision:
    """Choose the tag for one image; `stateful` are globs over the names of databases."""
    if policy is not None and not policy.float:
        policy = None
    if policy is not None and policy.float == "never":
        return Keep(f"hclmod.toml says never: {policy.reason}", floating=False)
    tag = reference.tag
    holds_data = holder_of_data(reference, stateful) is not None
    known = known.about(tag) if known and tag else known
    if reference.digest:
        return _without_digest(tag, policy, known, holds_data=holds_data)
    if tag is None or tags.classify(tag) in {TagClass.LATEST, TagClass.CHANNEL}:
        return _settled(tag, policy)
    if policy is not None:
        return _by_policy(tag, policy.float, known, holds_data=holds_data)
    if holds_data or known is None:
        return _undecided(reference, holds_data=holds_data)
    return _by_evidence(reference, tag, known)


def _undecided(reference: Reference, *, holds_data: bool) -> Keep | Unknown:
    if holds_data:
        return Keep('it holds data; only `float = "major"` in hclmod.toml would move it', floating=False)
    return Unknown(f"nothing is known of the tags of {reference.name}", _how_to_know(reference, None))


def _settled(tag: str | None, policy: Policy | None) -> Keep:
    if tag is None:
        return Keep("it has no tag, which is latest", floating=True)
    if tags.moves(tag) or (policy is not None and policy.float == tag):
        return Keep(f"it floats on {tag}", floating=True)
    return Keep(f"{tag} is a name, which may move or not", floating=False)


def holder_of_data(reference: Reference, globs: Sequence[str]) -> str | None:
    """Find the first glob over names of databases that the image matches, by its full, short or last name."""
    names = (reference.name, reference.familiar, reference.path.rpartition("/")[2])
    return _first_match(names, tuple(globs))


@lru_cache(maxsize=4096)  # the same image is asked for by every phase and rule
def _first_match(names: tuple[str, ...], globs: tuple[str, ...]) -> str | None:
    return next((glob for glob in globs if any(fnmatchcase(name, glob) for name in names)), None)


def _how_to_know(reference: Reference, known: ImageTags | None) -> str:
    """What would make the answer known: the registry, unless it was asked for this tag already, or a person's word."""
    asked = known is not None and known.source == "registry" and known.complete
    ask = "" if asked else f"fill hclmod.tags.json with `hclmod tags refresh {reference.familiar}`, or "
    return f'{ask}set `float` under [images."{reference.familiar}"] in hclmod.toml'


def _by_policy(tag: str, expected: str, known: ImageTags | None, *, holds_data: bool) -> Decision:
    target = _own_major(tag) if expected == "major" else expected
    if target is None:
        return Unknown(f"hclmod.toml says major, and {tag} shows none", "name the tag instead of `major`")
    if target == tag:
        return Keep(f"{tag} is what hclmod.toml asks for", floating=True)
    if holds_data and not _same_major(target, tag):
        return Unknown(f"it holds data, and {target} may leave the major of {tag}", 'set float = "major"')
    if target == "latest" and has_flavour(tag):
        return Unknown(f"latest would lose the flavour of {tag}", "name the tag instead of `latest`")
    if problem := _disproved(tag, target, known):
        return Unknown(f"hclmod.toml says {expected}, and {problem}", "name another tag in hclmod.toml")
    return Float(target, f"hclmod.toml says {expected}")


def _without_digest(tag: str | None, policy: Policy | None, known: ImageTags | None, *, holds_data: bool) -> Decision:
    """The tag that a person chose in the place of a digest, which stays where nobody did so for this one image."""
    if policy is None or not policy.is_exact:
        return Keep("it is pinned by its digest", floating=False)
    expected = policy.float
    why = f"hclmod.toml says {expected}, in the place of the digest"
    if tag is not None:
        decision = _by_policy(tag, expected, known, holds_data=holds_data)
        return Float(tag, why) if isinstance(decision, Keep) else decision
    if expected == "major" or holds_data:
        return Unknown(f"{why}, and a digest shows no version", "write the tag of the digest before its `@`")
    if known is not None and known.complete and expected not in known.tags:
        return Unknown(f"{why}, and there is no {expected}", "name another tag in hclmod.toml")
    return Float(expected, why)


def _disproved(tag: str, target: str, known: ImageTags | None) -> str | None:
    """Say what the two tags and the snapshot have against the tag that a person chose."""
    if tags.is_lower(target, tag):
        return f"{target} is lower than {tag}"
    info = known.tags.get(target) if known else None
    if known is None or info is None:
        return f"there is no {target}" if known and known.complete else None
    twin = _lower_twin(tag, info, known)
    return f"{target} is {twin}, which is lower than {tag}" if twin else None


def _own_major(tag: str) -> str | None:
    return tag if tags.classify(tag) is TagClass.MAJOR else tags.major_of(tag)


def _same_major(target: str, tag: str) -> bool:
    one, other = tags.split(target), tags.split(tag)
    if one is None or other is None:
        return False
    versions = {tags.classify(target), tags.classify(tag)} <= tags.VERSIONS | {TagClass.MAJOR}
    return versions and (one.prefix, one.numbers[0]) == (other.prefix, other.numbers[0])


def has_flavour(tag: str) -> bool:
    """Whether a tag names a kind of image, or a form of its own, that `latest` would not keep."""
    parts = tags.split(tag)
    return tags.classify(tag) is not TagClass.HASH and not (parts and parts.plain)


def _by_evidence(reference: Reference, tag: str, known: ImageTags) -> Decision:
    if minor := minor_of(tag, known.tags):
        return Keep(f"{tag} floats: it is the major of {minor}", floating=True)
    if tags.classify(tag) is TagClass.MAJOR and not known.complete:
        why = f"{tag} is a major or a build number; the list of tags is not complete"
        return Unknown(why, _how_to_know(reference, known))
    latest, major = _latest(tag, known), _major(tag, known)
    match latest, major:
        case Float(), _:
            return latest
        case _No(), Float():
            return Float(major.tag, f"{latest.why}; {major.why}")
        case _No(proven=True), _No(proven=True) if known.complete:
            return LastResort(f"{latest.why}; {major.why}")
        case _:
            return Unknown(f"{latest.why}; {major.why}", _how_to_know(reference, known))


def minor_of(tag: str, names: Iterable[str]) -> str | None:
    """Find the version that shows a single number to be a major: `16.4` for `16`."""
    if tags.classify(tag) is not TagClass.MAJOR:
        return None
    return min((other for other in names if tags.major_of(other) == tag), default=None)


def _latest(tag: str, known: ImageTags) -> Float | _No:
    latest = known.tags.get("latest")
    if has_flavour(tag):
        return _No(f"latest would lose the flavour of {tag}")
    if latest is None:
        return _absent("latest", known)
    if twin := _lower_twin(tag, latest, known):
        return _No(f"latest is stale: it is {twin}")
    if (top := highest(tag, known.tags)) and (twin := _lower_twin(top, latest, known)):
        return _No(f"latest is stale: it is {twin}, and {top} exists")
    return _latest_by_twin(tag, latest, known) or _latest_by_date(tag, latest, known)


def _latest_by_twin(tag: str, latest: TagInfo, known: ImageTags) -> Float | None:
    top = highest(tag, known.tags)
    if top and _same_image(latest, known.tags.get(top)):
        return Float("latest", f"latest has the digest of {top}, the highest of its form")
    if _same_image(latest, known.tags.get(tag)):
        return Float("latest", f"latest has the digest of {tag}")
    return None


def _latest_by_date(tag: str, latest: TagInfo, known: ImageTags) -> Float | _No:
    pinned = known.tags.get(tag, TagInfo())
    if latest.time is None or pinned.time is None:
        return _No(f"latest is not proven to be as new as {tag}", proven=False)
    if latest.time < pinned.time:
        return _No(f"latest is stale: it was built before {tag}")
    top = highest(tag, known.tags)
    newest = known.tags.get(top) if top else None
    if newest and newest.time and latest.time < newest.time:
        return _No(f"latest is stale: it was built before {top}")
    if twins := _other_twins(tag, latest, known):
        return _No(f"latest is {twins[0]}, which is not a newer version of the form of {tag}", proven=False)
    return Float("latest", f"latest was not built before {tag}")


def _other_twins(tag: str, latest: TagInfo, known: ImageTags) -> list[str]:
    """The tags that share `latest`'s digest, if none of them says that it is a release not below `tag`."""
    twins = [name for name in _twins(latest, known) if name != "latest"]
    form = tags.classify(tag)
    fine = [
        name
        for name in twins
        if (tags.is_stable(name) and tags.same_line(name, tag) and not tags.is_lower(name, tag))
        or (form not in tags.VERSIONS and tags.classify(name) is form)
    ]
    return [] if fine else twins


def _major(tag: str, known: ImageTags) -> Float | _No:
    major = tags.major_of(tag)
    if major is None:
        pre_release = tags.classify(tag) in tags.VERSIONS
        return _No(f"{tag} shows no major", proven=not pre_release)
    info, pinned = known.tags.get(major), known.tags.get(tag, TagInfo())
    if info is None:
        return _absent(major, known)
    if twin := _lower_twin(tag, info, known):
        return _No(f"{major} is stale: it is {twin}")
    if info.time and pinned.time and info.time < pinned.time:
        return _No(f"{major} is stale: it was built before {tag}")
    if channel := _channel_of(info, pinned, known):
        return _No(f"{major} is {channel}, a channel of pre-releases, and latest is {tag}", proven=False)
    return Float(major, f"{major} exists")


_PRE_RELEASES = re.compile(
    r"(?i)(canary|nightly|edge|dev\w*|alpha|beta|next|unstable|testing|snapshot|preview|rc|main|master)\b"
)


def _channel_of(info: TagInfo, pinned: TagInfo, known: ImageTags) -> str | None:
    """The channel of pre-releases that a major is, where `latest` is the tag in use and so not the major."""
    latest = known.tags.get("latest")
    if latest is None or not _same_image(latest, pinned) or _same_image(latest, info):
        return None
    return next((name for name in _twins(info, known) if _PRE_RELEASES.match(name)), None)


def _absent(tag: str, known: ImageTags) -> _No:
    why = f"there is no {tag}" if known.complete else f"{tag} is not in a list that is not complete"
    return _No(why, proven=known.complete)


def _same_image(one: TagInfo, other: TagInfo | None) -> bool:
    return other is not None and one.digest is not None and one.digest == other.digest


def highest(tag: str, names: Iterable[str]) -> str | None:
    """Find the highest release of the form of `tag`, among it and the names; None where the form has no order."""
    rivals = (name for name in {*names, tag} if tags.is_stable(name) and tags.comparable(name, tag))
    return max(rivals, key=lambda name: (tags.order_key(name), name), default=None)


def _twins(info: TagInfo, known: ImageTags) -> list[str]:
    """List the tags that are the same image, sorted."""
    return sorted(name for name, other in known.tags.items() if _same_image(info, other))


def _lower_twin(tag: str, floating: TagInfo, known: ImageTags) -> str | None:
    """Find the version below `tag` that a floating tag stands for, if it stands for one."""
    rivals = [name for name in _twins(floating, known) if tags.is_stable(name) and tags.same_line(name, tag)]
    exact = max(rivals, key=lambda name: (name.count("."), tags.order_key(name)), default=None)
    return exact if exact and tags.is_lower(exact, tag) else None
