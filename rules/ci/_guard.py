"""The guard: CI may stop to deploy a workload only where Keel brings its images to the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hclmod.rulekit import Context, Struct, object_name, reference

from ._acts import Target
from ._values import split

_PUBLIC = "docker.io/"
"""Of this registry most images are public, and a pull secret raises its limits for all of them."""


class Row(Struct, frozen=True, kw_only=True):
    """One container of the Terraform repository, as `delivered-image` answers."""

    kind: str
    namespace: str
    name: str
    container: str
    position: str
    image: str
    missing: str
    pulls_with: str
    ignored: str

    @property
    def workload(self) -> str:
        """Its workload, as a person names it."""
        return f"{self.kind.replace('_', '')}/{self.name} in namespace {self.namespace or '?'}"

    @property
    def title(self) -> str:
        """Itself, as a person names it."""
        return f"Container {self.container} of {self.workload}"

    @property
    def owner(self) -> str:
        """The registry and the account of its image, for which a pull secret is good."""
        return self.image.rpartition("/")[0]


def rows(context: Context) -> tuple[Row, ...]:
    """All containers that are known."""
    return tuple(Row(**dict(each.cells)) for each in context.answers or ())


def images(targets: Sequence[Target], context: Context) -> set[str]:
    """The repositories of the images that workloads run, of those containers alone that a pipeline sets."""
    return {row.image for row in rows(context) if row.image and any(sets(target, row) for target in targets)}


def sets(target: Target, row: Row) -> bool:
    """Whether a deploy brings a container a new image; a restart does so for all of a workload."""
    return _is(row, target) and (not target.images or any(_names(name, row) for name, _ in target.images))


def _names(container: str, row: Row) -> bool:
    return container in (row.container, f"#{row.position}", "*")


def objections(target: Target, context: Context, built: frozenset[str] = frozenset()) -> list[str]:
    """What is missing before CI may stop to deploy a workload; `built` are the images that CI pushes."""
    if context.answers is None:
        return ["Name the Terraform repository with --infra, where the workload is looked up"]
    if "$" in target.name or not target.name or "$" in target.namespace:
        return ["The name of the workload is filled in at run time, so it cannot be looked up"]
    own = [each for each in rows(context) if _is(each, target)]
    where = f"{target.kind.replace('_', '') or 'workload'}/{target.name}"
    if not own:
        home = f" in namespace {target.namespace}" if target.namespace else ""
        return [f"The Terraform repository has no {where}{home}"]
    if len({each.namespace for each in own}) > 1:
        homes = ", ".join(sorted({each.namespace for each in own}))
        return [f"The pipeline names no namespace, and {where} is in {homes}"]
    return list(dict.fromkeys((*_missing(target, own, built), *_locked_out(target, context))))


def _is(row: Row, target: Target) -> bool:
    kind = target.kind in ("", row.kind)
    return kind and row.name == target.name and target.namespace in ("", row.namespace)


def _missing(target: Target, own: Sequence[Row], built: frozenset[str]) -> Iterator[str]:
    if not target.images:  # a restart, which takes whatever image is new
        for row in [each for each in own if each.image in built] or own:
            if row.missing:
                yield f"{row.title}: {row.missing}"
        return
    for container, image in target.images:
        chosen = [each for each in own if _names(container, each)]
        if not chosen:
            known = ", ".join(each.container for each in own)
            yield f"There is no container `{container}` in {own[0].workload}, only {known}"
        for row in chosen:
            if row.missing:
                yield f"{row.title}: {row.missing}"
            elif (name := repository(image)) and row.image and name != row.image:
                yield f"{row.title} runs {row.image}, and the pipeline sets {name}"


def _locked_out(target: Target, context: Context) -> Iterator[str]:
    """Which containers have no pull secret for an image, where other workloads have one for its registry."""
    every = rows(context)
    by_owner = {each.owner: each for each in every if each.pulls_with == "secret" and each.position}
    for row in every:
        other = by_owner.get(row.owner)
        if other and not row.pulls_with and not row.image.startswith(_PUBLIC) and sets(target, row):
            yield f"{row.title}: it has no pull secret for {row.owner}, and {other.workload} has one. Add it"


def repository(image: str) -> str:
    """The repository of an image; empty where a part of its name is filled in."""
    name, _ = split(image)
    known = reference.parse(name) if name and "$" not in name else None
    return known.name if known else ""


def unreadable(targets: Sequence[Target]) -> bool:
    """Whether an image that a deploy sets is filled in at run time, its repository too."""
    return any(not repository(image) for target in targets for _, image in target.images)


def commands(targets: Sequence[Target], context: Context) -> tuple[str, ...]:
    """What to run once for containers whose image Terraform ignores: they still have the tag that CI has set last."""
    lines = []
    for row in rows(context):
        for target in targets:
            if row.ignored and row.image and row.position and _is(row, target):
                kind = row.kind.replace("_", "")
                image = f"{row.image.removeprefix('docker.io/')}:latest"
                namespace, name = object_name(row.namespace) or "NAMESPACE", object_name(row.name) or "NAME"
                container = object_name(row.container) or "CONTAINER"
                lines.append(f"kubectl -n {namespace} set image {kind}/{name} {container}={image}")
    return tuple(dict.fromkeys(lines))
