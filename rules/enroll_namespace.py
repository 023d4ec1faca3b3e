"""Enroll the namespaces of a phase in Kyverno's injection of Keel annotations.

Why: The ClusterPolicy annotates workloads in namespaces that have the label `keel.sh/enrolled = "true"` or that its
allowlist names. In `merge(local.labels, { ... })` the label goes into the last argument, which nobody shares. The label
is the safe form, because an empty `namespaces: []` selects every namespace (kyverno: `pkg/engine/utils/match.go`). The
option `allowlist` names the resource of an allowlist (STACK/TYPE.NAME). Then the namespaces are added to its lists
called `namespaces`, and no label is written. `enrolment_list` in `[keel]` names a list however it is written
(FILE:TYPE.NAME): in an object, in `yamlencode`, in a local that the policy or a `concat` reads, as YAML in a heredoc or
in a file (FILE:KIND/NAME). It is made longer where its last name is written. Since Keel 0.22 enrolling is itself the
rollout of what is behind its tag (docs/facts.md, Keel 7).

Nothing is enrolled while the policy that would inject is missing, or has an error: `force` without `matchTag`, a policy
by version, rules that select every namespace, targets without a selector, parts that cannot be read, another policy
with other values. Policies are read in every form: objects, `yamlencode`, heredocs, files, templates, values of Helm
releases, plain YAML, each as ClusterPolicy or MutatingPolicy. `injected = "elsewhere: REASON"` in `[keel]` says that
the policy is in another repository.

Left alone: The namespace `keel`, because a supervisor that updates itself has no supervisor. Namespaces that `[keel]`
exempts, labels that have another value, maps that are not written in place, namespaces in manifests, namespaces whose
name cannot be read, and resources that declare several namespaces of which one is exempt. Lists that are empty, because
an empty list selects every namespace, and lists that other expressions read too. A namespace that also has workloads of
other phases is enrolled, and the report names those workloads, because Keel rolls them too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from hclmod.rulekit import (
    NAMESPACES,
    WORKLOADS,
    Address,
    Attribute,
    Block,
    ClusterObject,
    Config,
    Context,
    Finding,
    Fix,
    Listed,
    NameListHooks,
    Namespace,
    Rule,
    Span,
    change,
    fixes,
    namespace_attribute,
    namespace_name,
    note,
    warn,
)

from ._cluster import MANIFESTS, WORDS, facts
from ._data import dig
from ._enrolment import is_among, is_exempt
from ._enrolment_list import enrolling_lists
from ._policies import namespace_lists, obstacle

ROLLS_STALE = (0, 22, 0)
"""From this version of Keel on enrolling is itself the rollout of what is behind its tag (docs/facts.md, Keel 7)."""


def check(
    block: Block,
    context: Context,
    /,
    *,
    label: str = "keel.sh/enrolled",
    value: str = "true",
    allowlist: Address = Address(""),
) -> Iterator[Finding]:
    """Yield the enrolment of a namespace, or why a workload's namespace is not enrolled here.

    `label`: the key of the label.
    `value`: the value of the label.
    `allowlist`: the resource whose lists called `namespaces` get the names, as STACK/TYPE.NAME. No label is written.
    """
    if block.type_label in WORKLOADS:
        yield from _homeless(block, context, (label, value))
    elif block.type_label in NAMESPACES:
        by_label = not (allowlist or context.config.keel.enrolment_list)
        yield from _label(block, context, (label, value), by_label=by_label)
    elif block.address == allowlist.rpartition("/")[2]:
        yield from _allow(block, context)


def _homeless(workload: Block, context: Context, entry: tuple[str, str]) -> Iterator[Finding]:
    home, attribute = context.namespace(workload.address), namespace_attribute(workload)
    if home is None and attribute and (manifest := _manifest(attribute, context)):
        yield _in_manifest(attribute, manifest, entry)
    elif home is None:
        name = attribute.value.text if attribute else "default, because it names no other"
        message = f"no resource of the repository declares its namespace ({name}), so nothing enrolls it"
        message += f". It may be declared in what cannot be read: {', '.join(context.unread)}" if context.unread else ""
        yield warn(attribute or workload.title, "undeclared-namespace", message)
    elif home.declared:
        message = f"its namespace {home.name} is declared and enrolled as {', '.join(home.declared)}"
        yield note(attribute or workload.title, "declared-elsewhere", message)


def _manifest(attribute: Attribute, context: Context) -> ClusterObject | None:
    """The Kubernetes object that declares the namespace of a workload, or None."""
    name = attribute.value.string()
    declared = (each for each in facts(context).objects.objects if dig(each.data, "kind") == "Namespace")
    return next((each for each in declared if name and dig(each.data, "metadata", "name") == name), None)


def _in_manifest(attribute: Attribute, manifest: ClusterObject, entry: tuple[str, str]) -> Finding:
    key, value = entry
    where = f"{manifest.resource.name if manifest.resource else 'a manifest'} ({manifest.place})"
    if dig(manifest.data, "metadata", "labels", key) == value:
        return note(attribute, "enrolled-already", f"its namespace is enrolled already by {where}")
    message = f'{where} declares its namespace, and hclmod adds no labels to manifests. Add `{key} = "{value}"` there'
    return warn(attribute, "declared-in-manifest", message)


def _label(block: Block, context: Context, entry: tuple[str, str], *, by_label: bool) -> Iterator[Finding]:
    namespace = context.namespaces.get(block.address)
    names = _names(namespace) if namespace else ()
    spared = [name for name in names if is_exempt(name, context)]
    where = namespace_name(block) or block.title
    if namespace is None or not names:
        yield warn(where, "unreadable-name", "its name cannot be read, so it may be exempt")
    elif spared and len(spared) == len(names):
        yield note(block.title, "exempt", f"the namespace {', '.join(names)} is exempt from enrolment")
    elif by_label and spared:
        message = f"declares {', '.join(names)}, of which {', '.join(spared)} is exempt from enrolment: split it first"
        yield warn(where, "partly-exempt", message)
    elif by_label:
        yield from _labelled(block, entry, context)
        yield from _mixed(block, context, namespace)


def _names(namespace: Namespace) -> tuple[str, ...]:
    return (namespace.name,) if namespace.name else namespace.names


def _labelled(block: Block, entry: tuple[str, str], context: Context) -> Iterator[Finding]:
    key, value = entry
    metadata = next(iter(block.blocks("metadata")), None)
    if metadata is None:
        yield warn(block.title, "no-metadata", "has no `metadata` block for the label")
        return
    labels = metadata.attribute("labels")
    present = labels.value.merged_entry(key) if labels else None
    if present is not None and present.text.strip('"') == value:
        yield note(present, "enrolled-already", "is enrolled already")
    elif present is not None:
        yield warn(present, "label-has-other-value", f"`{key}` is already {present.text}, so the label stays as it is")
    elif why := obstacle(context, entry):
        yield warn(labels or block.title, "no-sound-policy", f"is not enrolled, because {why}")
    else:
        effect = "lets Kyverno annotate what is created or changed there from now on"
        if facts(context).version >= ROLLS_STALE:
            effect += ", and Keel rolls what is behind its tag at once"
        message = f'adds the label `{key} = "{value}"`, which enrolls it'
        make = partial(fixes.ensure_entry, metadata, "labels", key, value)
        yield change(labels or block.title, "label", message, make, effect=effect)


def _mixed(block: Block, context: Context, namespace: Namespace) -> Iterator[Finding]:
    """Workloads that are not due yet; those of earlier phases are enrolled already."""
    early = {
        address: phase
        for address, phase in namespace.others.items()
        if phase is None or (context.phase is not None and phase > context.phase)
    }
    if early:
        others = ", ".join(
            f"{address} ({'no phase' if phase is None else f'phase {phase}'})"
            for address, phase in sorted(early.items())
        )
        message = f"enrolling {', '.join(_names(namespace))} also enrolls {others}: opt them out until their phase"
        yield warn(block.title, "enrolls-other-phases", message)


def _allow(policy: Block, context: Context) -> Iterator[Finding]:
    names = [name for name in context.names if not is_exempt(name, context)]
    if not names:
        yield note(policy.title, "no-namespaces", "the phase has no namespace to add")
        return
    values = [each.value for each in policy.attributes.values()]
    lists = [allowed for value in values for allowed in namespace_lists(value, matching=False)]
    if not lists:
        yield warn(policy.title, "no-allowlist", "has no list called `namespaces` to append to")
    for allowed in lists:
        present = [element.string() or "" for element in allowed.elements() or ()]
        if not present:
            message = (
                "its `namespaces` is empty, which selects every namespace. Enroll by label, or add a namespace first"
            )
            yield warn(allowed, "empty-allowlist", message)
            continue
        added = [name for name in names if not is_among(name, present)]
        yield _added(allowed.span, added, partial(fixes.append_strings, allowed, added), context)


def _added(span: Span, added: Sequence[str], make: Callable[[], Fix | None], context: Context) -> Finding:
    """The names that a list gets, or why it gets none."""
    if why := obstacle(context, None):
        return warn(span, "no-sound-policy", f"nothing is added, because {why}")
    message = f"adds {', '.join(added)} to the allowlist"
    listed = note(span, "allowed-already", "has the namespaces of the phase already")
    return change(span, "allowlist", message, make, effect="widens the policy's match", otherwise=listed)


def at_list(listed: Listed, context: Context, /) -> Iterator[Finding]:
    """Yield the names that the list of the config gets, however it is written."""
    names = [name for name in context.names if not is_exempt(name, context)]
    added = [name for name in names if not is_among(name, listed.names)]
    if not names:
        yield note(listed.span, "no-namespaces", "the phase has no namespace to add")
    elif listed.place.why and added:
        message = f"{', '.join(added)} is not added to the list: {listed.place.why}"
        yield warn(listed.span, "list-not-written" if listed.place.names else "empty-allowlist", message)
    else:
        yield _added(listed.span, added, partial(listed.append, added), context)


def enrolment_list(config: Config) -> str:
    """Where the list stands that the config names."""
    return config.keel.enrolment_list


rule = Rule(
    check,
    kinds=(*NAMESPACES, *WORKLOADS, *MANIFESTS),
    objects=(*WORDS, '"Namespace"', "kind: Namespace"),
    name_lists=NameListHooks(where=enrolment_list, pick=enrolling_lists, at=at_list),
)
