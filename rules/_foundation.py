"""The files of phase 0: Keel's stack, the policy that injects, what belongs into `hclmod.toml`; or why they cannot be.

Source: docs/facts.md, Keel 8, Kyverno 2, Kyverno 5.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial

from hclmod.rulekit import (
    RELEASE,
    Block,
    ClusterObject,
    Context,
    Draft,
    Fix,
    RuleError,
    Siblings,
    draft,
    fill,
    objection,
    template,
    with_table,
)

from ._cluster import MANIFESTS, PUBLISHED, ClusterFacts, facts, is_chart, kyverno
from ._data import dig
from ._data import walk as walk_data
from ._foundation_keys import release_keys
from ._foundation_policy import policy
from ._foundation_style import Step, is_tier, style
from ._foundation_style import steps as in_style
from ._foundation_there import unmet
from ._foundation_wish import (
    ALLOWLIST,
    CHART,
    CLUSTER,
    LABEL,
    MUTATING,
    NEVER_PUBLISHED,
    SCHEDULE,
    SERVES_MUTATING,
    Home,
    Wish,
)
from ._keel import schedule_problem
from ._policies import injecting, unread

_PATH = re.compile(r"(?!/)(?!.*//)(?!(?:.*/)?\.\.?(?:/|$))[^\\\0-\x1f]+")


def drafts(siblings: Siblings, context: Context, wish: Wish) -> Iterator[Draft]:
    """What is not there yet; with one objection nothing is written."""
    cluster = facts(context)
    problems = [*_of_words(wish), *_of_versions(wish), *unmet(siblings, context, wish)]
    new_keel = not cluster.keels
    new_policy = not any(injecting(each) for each in cluster.policies) and not context.config.keel.injected
    problems += _of_unread(cluster) if new_policy else ()
    home = _home(siblings, cluster, wish) if new_policy and not problems else None
    if isinstance(home, Draft):
        problems.append(home)
    if new_keel and not problems:
        problems += _of_place(f"{wish.folder}/main.tf", siblings, "out")
    if isinstance(home, Home):
        problems += _of_place(home.path, siblings, "policy-file")
        problems += _of_one_file(home.path, wish) if new_keel else ()
    if problems:
        yield from problems
        return
    yield from _stack(siblings, cluster, wish) if new_keel else ()
    if isinstance(home, Home):
        exempt = _exempt(home, context)
        table = _table(home, wish, exempt)
        settings = _settings(siblings, table)
        yield policy(home, wish, exempt, "" if settings else _to_add(siblings, context, table))
        yield from settings


def _of_words(wish: Wish) -> Iterator[Draft]:
    """Words that mean nothing."""
    for name, value, known in (
        ("policy", wish.policy, ("", MUTATING, CLUSTER)),
        ("enrol", wish.enrol, ("", LABEL, ALLOWLIST)),
    ):
        if value not in known:
            raise RuleError(f"`{value}` is no {name}", hint=f"Write {' or '.join(filter(None, known))}.")
    for path in filter(None, (wish.out, wish.policy_file)):
        if not _PATH.fullmatch(path):
            yield objection("hclmod.toml", "bad-path", f"`{path}` is not a path below the root, written with `/`")
    if wish.policy_file and not wish.policy_file.endswith(".tf"):
        yield objection("hclmod.toml", "bad-path", f"`{wish.policy_file}` is not a file of Terraform (.tf)")


def _of_unread(cluster: ClusterFacts) -> Iterator[Draft]:
    """Policies that cannot be read and may inject already: two that do would compete."""
    for each in cluster.policies:
        if why := unread(each):
            message = f"{each.title} ({each.origin.place}) {why}, so it may inject annotations already"
            yield objection(each.origin.file, "unread-policy", message)


def _of_versions(wish: Wish) -> Iterator[Draft]:
    """Versions that cannot be installed."""
    wrong = list(wish.wrong_versions())
    chart, place = wish.chart_version, f"{wish.folder}/main.tf"
    if chart in NEVER_PUBLISHED:
        yield objection(place, "chart-never-published", f"chart {chart} was never published. Take {CHART}")
    elif not wish.keel_version and not wrong:
        known = ", ".join(PUBLISHED)
        message = (
            f"which Keel chart {chart} installs is not known (known charts: {known}). Name it: --keel-version 0.22.1"
        )
        yield objection(place, "unknown-chart", message)
    yield from (objection(place, "not-a-version", why) for why in wrong)
    if (why := schedule_problem(wish.schedule)) or not re.fullmatch(r"[\w@*/,?#. -]*", wish.schedule):
        why = why or "which has other characters than a schedule"
        yield objection(place, "not-a-schedule", f"the schedule is `{wish.schedule}`, {why}. Write it as {SCHEDULE}")
    if not is_tier(wish.tier):
        yield objection(place, "not-a-tier", f"`{wish.tier}` is neither a value of a label nor a reference to a local")


def _of_place(path: str, siblings: Siblings, option: str) -> Iterator[Draft]:
    """A path at which a file cannot be begun."""
    folder = posixpath.dirname(path)
    if path in siblings.texts:
        message = f"{path} exists, and nothing in it is what would be written. Name another place with --{option}"
        yield objection(path, "path-taken", message)
    elif (owner := siblings.owner(folder)) is None or (option == "out" and owner != folder):
        where = f"belongs to the stack {owner}" if owner else "is not found by `stacks` in hclmod.toml"
        yield objection(path, "not-a-stack", f"{folder} {where}, so Terraform is not run there. Change one of the two")


def _of_one_file(path: str, wish: Wish) -> Iterator[Draft]:
    """A policy that would take the place of Keel's stack."""
    if path.casefold() == f"{wish.folder}/main.tf".casefold():
        message = f"{path} is the file of Keel's stack. Name another file of the policy with --policy-file"
        yield objection(path, "path-taken", message)


def _home(siblings: Siblings, cluster: ClusterFacts, wish: Wish) -> Home | Draft:
    """Where the policy goes: beside Kyverno's release, unless a person says where."""
    releases = {each.block: each for each in cluster.objects.objects if is_chart(each, "kyverno") and each.block}
    beside = [each for each in releases.values() if each.file.rpartition("/")[0] == posixpath.dirname(wish.policy_file)]
    place = wish.policy_file or "hclmod.toml"
    if len(releases) > 1 and not wish.policy_file:
        names = ", ".join(each.place for each in releases.values())
        message = f"Kyverno is installed {len(releases)} times ({names}). Say which one it is with --policy-file PATH"
        return objection(place, "several-kyvernos", message)
    release = next(iter([*beside, *releases.values()]), None)
    if release is None and not (wish.policy and wish.policy_file):
        message = (
            "nothing in this repository installs Kyverno (a helm_release of the chart `kyverno`), which injects the "
            "annotations. Install and apply it first. If another repository does, say --policy mutating or cluster, "
            "and --policy-file PATH"
        )
        return objection(place, "no-kyverno", message)
    served = kyverno(cluster)
    if served is None and not wish.policy:
        message = "the version of Kyverno's chart cannot be read. Say --policy mutating (from 1.17 on) or cluster"
        return objection(place, "unknown-kyverno", message)
    if served and wish.policy == MUTATING and served < SERVES_MUTATING:
        shown = ".".join(map(str, served))
        message = f"Kyverno {shown} does not serve MutatingPolicy v1, which exists since 1.17. Leave out --policy"
        return objection(place, "not-served", message)
    kind = wish.policy or (MUTATING if served and served >= SERVES_MUTATING else CLUSTER)
    return _placed(siblings, release, wish.policy_file, kind)


def _placed(siblings: Siblings, release: ClusterObject | None, named: str, kind: str) -> Home:
    folder = release.block.folder if release and release.block else ""
    path = named or posixpath.join(folder, "keel-annotations.tf")
    here = siblings.blocks(*MANIFESTS, folder=posixpath.dirname(path)) or siblings.blocks(*MANIFESTS)
    manifests = Counter(each.type_label for each in here)
    namespace = dig(release.data, "namespace") if release else None
    beside = release is not None and release.block is not None and posixpath.dirname(path) == folder
    return Home(
        path=path,
        policy=kind,
        manifest=manifests.most_common(1)[0][0] if manifests else MANIFESTS[0],
        release=release.block.address if beside and release and release.block else "",
        namespace=namespace if isinstance(namespace, str) and re.fullmatch(r"[a-z0-9-]+", namespace) else "kyverno",
        newline=siblings.newline,
    )


def _exempt(home: Home, context: Context) -> tuple[str, ...]:
    """The namespaces in which nothing is ever injected; a MutatingPolicy has no globs for them."""
    own = (each for each in context.config.keel.exempt if home.policy == CLUSTER or not set(each) & set("*?["))
    return tuple(dict.fromkeys(("keel", home.namespace, "kube-system", *own)))


def _stack(siblings: Siblings, cluster: ClusterFacts, wish: Wish) -> Iterator[Draft]:
    """The stack that installs Keel."""
    path = f"{wish.folder}/main.tf"
    steps = (*in_style(style(siblings, wish.tier)), *_release_steps(wish))
    data = fill(template("foundation/keel.tf"), path, steps, newline=siblings.newline)
    message = (
        f"installs Keel {wish.keel_version} by chart {wish.chart_version}, which polls {wish.schedule or SCHEDULE}"
    )
    if denied := _denied(cluster, wish.keel_version):
        message += f". {denied}"
    grants = "lets Keel read all secrets of the cluster, which it needs for the registries"
    yield draft(path, data, "keel-stack", message, effect=grants)
    if siblings.terragrunt is not None:
        words = "includes and depends on what most stacks do"
        yield draft(f"{wish.folder}/terragrunt.hcl", siblings.terragrunt, "terragrunt", words)


def _release_steps(wish: Wish) -> list[Step]:
    """A step for each key of the release: the fix of one moves the others."""

    def step(number: int, blocks: Mapping[str, Block]) -> Fix | None:
        block = next(each for each in blocks.values() if each.type_label == RELEASE)
        return list(release_keys(block, wish.chart_version, wish.values(whole=True)))[number].make()

    return [partial(step, number) for number in range(1 + len(wish.values(whole=True)))]


_KEEL = "docker.io/keelhq/keel"


def _denied(cluster: ClusterFacts, version: str) -> str:
    """Which policy of the repository may deny Keel's own image; empty for none."""
    images = [f"{name}:{version}" for name in (_KEEL, _KEEL.removeprefix("docker.io/"))]
    for each in cluster.objects.objects:
        for steps, value in walk_data(each.data):
            if "validate" in steps and steps[-1] == "image" and isinstance(value, str) and not _allows(value, images):
                return f"{each.place} may deny its image {images[0]}: allow it there"
    return ""


def _allows(patterns: str, images: Sequence[str]) -> bool:
    """Whether one of the patterns of a Kyverno rule, which `|` separates, means one of the names of an image."""
    each = [pattern.strip() for pattern in patterns.split("|")]
    target = [pattern for pattern in each if not pattern.startswith(("!", "<", ">"))]
    denied = any(fnmatchcase(image, pattern[1:].strip()) for pattern in each if pattern[:1] == "!" for image in images)
    return not denied and (not target or any(fnmatchcase(image, pattern) for pattern in target for image in images))


def _table(home: Home, wish: Wish, exempt: Sequence[str]) -> dict[str, str | Sequence[str]]:
    """What the policy means for other rules, as the table `[keel]` of the config."""
    table: dict[str, str | Sequence[str]] = {"exempt": [name for name in exempt if name != "keel"]}
    return {**table, "enrolment_list": home.enrolment_list} if wish.by_list else table


def _to_add(siblings: Siblings, context: Context, table: Mapping[str, str | Sequence[str]]) -> str:
    """What a person has to add to a config that hclmod cannot add it to; empty where it is there."""
    known = context.config.keel
    exempt = list(dict.fromkeys((*known.exempt, *table["exempt"])))
    lines = [f"exempt = {json.dumps(exempt)}"] if len(exempt) > len(set(known.exempt)) else []
    if table.get("enrolment_list", known.enrolment_list) != known.enrolment_list:
        lines.append(f"enrolment_list = '{table['enrolment_list']}'")
    missing = (
        "" if siblings.config in siblings.texts else f"{siblings.config} is not among the files that are changed. "
    )
    return f". {missing}Add to [keel] in {siblings.config}: {' and '.join(lines)}" if lines else ""


def _settings(siblings: Siblings, table: Mapping[str, str | Sequence[str]]) -> list[Draft]:
    """The same as a new table; a table that is there stays."""
    old = siblings.texts.get(siblings.config)
    data = None if old is None else with_table(old, "keel", table)
    words = "says which namespaces the policy leaves out, so that none is enrolled"
    return [] if data is None else [draft(siblings.config, data, "settings", words)]
