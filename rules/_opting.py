"""How a workload opts out of Keel in its own block, and what to do about the live object.

Source: docs/guides/rollback.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hclmod.rulekit import (
    KINDS,
    Attribute,
    Block,
    Context,
    Finding,
    Fix,
    Traversal,
    UnfixableError,
    fixes,
    lists,
    note,
    object_name,
    replace,
    traversal,
    undo,
)

from ._keel import CRON_JOBS, POLICY

_ANNOTATIONS = ("metadata", 0, "annotations")
_LABELS = ("metadata", 0, "labels")


def take_out(workload: Block, why: str, *, label: bool, aligned: bool) -> Fix | None:
    """The annotation `never`, the label too if wanted, and no entry that would hide it; None where all of it is so."""
    source = workload.source
    parts = [never(workload, name) for name in ("annotations", *(("labels",) if label else ()))]
    kept = [undo.keep(source, part, why, aligned=aligned) for part in parts if part]
    if ignored := lists.drop(
        workload, "ignore_changes", "lifecycle", lambda entry: hides(workload, entry, label=label)
    ):
        kept.append(undo.keep(source, ignored, "", aligned=aligned))
    return joined(kept)


def give_back(workload: Block, paths: Collection[str], *, aligned: bool) -> Fix | None:
    """No entry that hides the image of one of these containers from Terraform; None where none does."""
    images = {f"{path}.image": traversal.parse(f"{path}.image") for path in paths}

    def hidden(entry: Traversal) -> bool:
        if any(entry == each for each in images.values()):
            return True
        if any(each and traversal.covers(entry, each) for each in images.values()):
            raise UnfixableError(_covering(entry))
        return False

    ignored = lists.drop(workload, "ignore_changes", "lifecycle", hidden)
    return undo.keep(workload.source, ignored, "", aligned=aligned) if ignored else None


def joined(fixes: list[Fix]) -> Fix | None:
    """All fixes as one; None for none."""
    whole: Fix | None = None
    for fix in fixes:
        whole = fix if whole is None else whole + fix
    return whole


def never(workload: Block, name: str) -> Fix | None:
    """The policy `never` in the annotations or labels of a workload; None where it is there."""
    metadata = workload.blocks("metadata")
    if not metadata:
        raise UnfixableError("has no `metadata` block")
    attribute = metadata[0].attribute(name)
    own = attribute.value.own_map() if attribute else None
    entry = own.entry(POLICY) if own else None
    if attribute is not None and own is None:
        raise UnfixableError(_shared(attribute))
    if entry is None:
        return fixes.ensure_entry(metadata[0], name, POLICY, "never")
    return None if entry.string() == "never" else fixes.replace(entry, b'"never"')


def _shared(attribute: Attribute) -> str:
    """Why a map that others share is not written: they would opt out too."""
    text = f"`{attribute.name}` is `{attribute.value.text.splitlines()[0]}`, which is not a map of its own"
    return f'{text}. Write `"{POLICY}" = "never"` there by hand'


def hides(workload: Block, entry: Traversal, *, label: bool) -> bool:
    """Whether an entry hides the policy or an image from Terraform (docs/facts.md, Terraform 3).

    The label is looked at where it is written too (`label`). An entry that hides more, such as all annotations, is an
    `UnfixableError`: nobody knows what else it is there for.
    """
    policies = tuple((*kind, POLICY) for kind in (_ANNOTATIONS, *((_LABELS,) if label else ())))
    pod = traversal.parse(KINDS[workload.type_label].prefix) or ()
    containers = ((*pod, "container"), (*pod, "init_container"))
    head, rest = entry[: len(pod) + 1], entry[len(pod) + 2 :]
    if head in containers and len(entry) > len(head) and rest == ("image",):
        return True
    if entry in policies:
        return True
    whole = head in containers and rest == ()
    if whole or any(traversal.covers(entry, each) for each in (*policies, *containers)):
        raise UnfixableError(_covering(entry))
    return False


def _covering(entry: Traversal) -> str:
    return f"`ignore_changes` holds `{_written(entry)}`, which hides all of it. List only what it is meant for"


def _written(entry: Traversal) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in entry).removeprefix(".")


def live(workload: Block, context: Context, *, undo: bool, never: bool = True) -> Iterator[Finding]:
    """What to run on the cluster until the next apply."""
    kind = workload.type_label.removeprefix("kubernetes_").removesuffix("_v1").replace("_", "")
    name = _name(workload)
    for namespace in _namespaces(workload, context):
        head = f"kubectl -n {namespace}" if namespace else "kubectl"
        if undo and workload.type_label not in CRON_JOBS:
            yield _run(workload, f"{head} rollout undo {kind}/{name}")
        if never:
            yield _run(workload, f"{head} annotate {kind}/{name} {POLICY}=never --overwrite")


def _run(workload: Block, command: str) -> Finding:
    return replace(note(workload.title, "command-to-run", f"run: {command}"), cells=(("run", command),))


def _name(workload: Block) -> str:
    name = next((attribute for each in workload.blocks("metadata") if (attribute := each.attribute("name"))), None)
    return object_name(name.value.string() if name else None) or "NAME"


def _namespaces(workload: Block, context: Context) -> list[str]:
    facts = context.facts.get(workload.address)
    return (
        sorted({object_name(home.name) or "NAMESPACE" for home in facts.namespaces})
        if facts and facts.namespaces
        else ["NAMESPACE"]
    )
