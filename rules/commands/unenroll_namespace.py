"""Take namespaces out of the injection of Keel annotations (run by `hclmod fix --rule unenroll-namespace`).

Why: `enroll-namespace` adds the label `keel.sh/enrolled`, or a name in the allowlist of the policy. Name the namespaces
in `namespaces`, as in `--set unenroll-namespace.namespaces=beacon`: their label goes, and with `allowlist` their names
go from that resource. What Kyverno has written before stays on the workloads (docs/facts.md, Kyverno 1), and Keel reads
it there, so run the command in the report after the apply. `hclmod audit` names the entries of `ignore_changes` that
nothing needs any more.

Left alone: Every other namespace. Labels with another value, maps that are not written in place, and resources that
declare several namespaces of which only some are named. The last name of an allowlist, because an empty list selects
every namespace (docs/facts.md, Kyverno 2), and patterns that match more than the named ones. The list that
`enrolment_list` in `[keel]` names: the report says where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from hclmod.rulekit import (
    NAMESPACES,
    Address,
    Block,
    Context,
    Expression,
    Finding,
    Namespace,
    Rule,
    change,
    fixes,
    lists,
    note,
    object_name,
    warn,
)

from .._cluster import MANIFESTS
from .._enrolment import is_among
from .._keel import POLICY
from .._policies import namespace_lists


def check(
    block: Block,
    context: Context,
    /,
    *,
    namespaces: tuple[str, ...] = (),
    label: str = "keel.sh/enrolled",
    value: str = "true",
    allowlist: Address = Address(""),
) -> Iterator[Finding]:
    """Yield the removal of a label or of names in an allowlist.

    `namespaces`: the namespaces to take out, as globs over their names.
    `label`: the key of the label.
    `value`: the value that the label has to have.
    `allowlist`: the resource whose lists called `namespaces` lose the names, as STACK/TYPE.NAME.
    """
    if block.type_label in MANIFESTS:
        if block.address == allowlist.rpartition("/")[2]:
            yield from _disallowed(block, namespaces)
        return
    facts = context.facts.get(block.address)
    declared = facts.namespaces if facts else ()
    names = [name for each in declared for name in ((each.name,) if each.name else each.names)]
    named = [name for name in names if is_among(name, namespaces)]
    if not namespaces:
        yield warn(block.title, "no-namespaces", "name the namespaces to take out in `namespaces`")
    elif not names:
        yield warn(block.title, "unreadable-name", "its name cannot be read, so it may be one of those")
    elif not named:
        yield note(block.title, "not-named", f"{', '.join(names)} is not named, so it stays as it is")
    elif named != names:
        message = f"declares {', '.join(names)}, of which only {', '.join(named)} is named: split it first"
        yield warn(block.title, "partly-named", message)
    else:
        effect = "; ".join(_to_run(declared))
        listed = context.config.keel.enrolment_list
        yield _listed(block, names, listed) if listed else _unlabelled(block, label, value, effect)


def _listed(block: Block, names: Sequence[str], where: str) -> Finding:
    """A list that the config names may be in any form, so a person takes the name out."""
    return warn(block.title, "in-enrolment-list", f"is enrolled by a list: take {', '.join(names)} out of {where}")


def _unlabelled(block: Block, label: str, value: str, effect: str) -> Finding:
    metadata = next(iter(block.blocks("metadata")), None)
    labels = metadata.attribute("labels") if metadata else None
    present = labels.value.merged_entry(label) if labels else None
    if metadata is None or present is None:
        return note(labels or block.title, "not-enrolled", f"has no label `{label}` in its own text")
    if present.text.strip('"') != value:
        return warn(present, "label-has-other-value", f"`{label}` is {present.text}, so the label stays as it is")
    message = f"removes the label `{label}`, so Kyverno no longer annotates what is created or changed there"
    return change(present, "label", message, partial(fixes.remove_entry, metadata, "labels", label), effect=effect)


def _to_run(declared: Sequence[Namespace]) -> Iterator[str]:
    """What stays on the workloads, and what takes it off."""
    keys = " ".join(f"keel.sh/{key}-" for key in ("policy", "trigger", "pollSchedule"))
    for each in declared:
        own = sorted(run.id.name.lstrip("/") for run in each.workloads if POLICY in dict(run.metadata))
        again = f", then apply again for the policy of {', '.join(own)}" if own else ""
        for name in (each.name,) if each.name else each.names:
            here = object_name(name) or "NAMESPACE"
            command = f"kubectl -n {here} annotate deployment,statefulset,daemonset --all {keys}"
            yield f"what it wrote stays until you run {command}{again}"


def _disallowed(policy: Block, namespaces: Sequence[str]) -> Iterator[Finding]:
    values = [each.value for each in policy.attributes.values()]
    allowlists = [allowed for value in values for allowed in namespace_lists(value, matching=False)]
    if not allowlists:
        yield warn(policy.title, "no-allowlist", "has no list called `namespaces` to take a name from")
    for allowed in allowlists:
        yield from _shortened(allowed, namespaces)


def _shortened(allowed: Expression, namespaces: Sequence[str]) -> Iterator[Finding]:
    elements = allowed.elements() or ()
    texts = {each: each.string() or "" for each in elements}
    goes = [each for each, text in texts.items() if text in namespaces]
    wide = [text for text in texts.values() if text not in namespaces and any(is_among(n, (text,)) for n in namespaces)]
    if wide:
        message = f"`{', '.join(wide)}` still matches one of them: write the names instead"
        yield warn(allowed, "pattern-matches", message)
    if goes and len(goes) == len(elements):
        message = "its `namespaces` would be empty, which selects every namespace. Remove the policy's rule instead"
        yield warn(allowed, "would-be-empty", message)
    elif goes:
        message = f"takes {', '.join(texts[each] for each in goes)} out of the allowlist"
        yield change(allowed, "allowlist", message, partial(lists.without, allowed, goes))
    elif not wide:
        yield note(allowed, "not-allowed", "has none of the namespaces")


rule = Rule(check, kinds=(*NAMESPACES, *MANIFESTS), needs={"facts"})
