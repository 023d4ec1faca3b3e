"""What a call of kubectl does, and which containers a patch gives an image."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ._acts import CAUSE, NEUTRAL, ROLLBACK, Act, Kind, Target

_WORKLOADS = {
    "deployment": ("deploy", "deployment", "deployments"),
    "stateful_set": ("sts", "statefulset", "statefulsets"),
    "daemon_set": ("ds", "daemonset", "daemonsets"),
    "cron_job": ("cj", "cronjob", "cronjobs"),
}
KINDS = {word: kind for kind, words in _WORKLOADS.items() for word in words}
_VALUES = (
    "-n", "--namespace", "--context", "--kubeconfig", "--timeout", "-f", "--filename", "-p", "--patch", "-o",
    "--output", "--type", "-l", "--selector", "--cluster", "--user", "-s", "--server", "--token",
    "--certificate-authority", "--request-timeout", "--revision", "--as", "--patch-file",
)  # fmt: skip
_READING = frozenset(
    [
        "get",
        "describe",
        "logs",
        "wait",
        "config",
        "version",
        "cluster-info",
        "auth",
        "api-resources",
        "api-versions",
        "top",
        "explain",
        "diff",
        "events",
        "port-forward",
        "proxy",
    ]
)
_KEY = re.compile(r"\"([^\"]+)\"\s*:")
_PATH = re.compile(r"\"path\"\s*:\s*\"([^\"]+)\"")
_OF_IMAGES = frozenset((
    "spec", "template", "containers", "name", "image", "op", "path", "value", "metadata", "annotations", "jobTemplate",
))  # fmt: skip
"""The keys on the way to the image of a container. Annotations have a slash."""

_PAIR = re.compile(r"\"name\"\s*:\s*\"([^\"]+)\"\s*,\s*\"image\"\s*:\s*\"([^\"]+)\"")
_PATCHED = re.compile(r"/containers/(\d+)/image\"\s*,\s*\"value\"\s*:\s*\"([^\"]+)\"")
_LISTED = re.compile(r"\"image\"\s*:\s*\"([^\"]+)\"\s*,\s*\"name\"\s*:\s*\"([^\"]+)\"")


def kubectl(rest: Sequence[str]) -> Act:  # noqa: PLR0911 - a table of its commands
    """What a call of kubectl does, by its words."""
    words, options = _split(rest)
    namespace = options.get("-n") or options.get("--namespace", "")
    match words:
        case ["set", "image", *more]:
            kind, name, after = _named(more)
            if any("=" not in each for each in after):
                return Act(kind=Kind.OTHER, words="`kubectl set image` of several workloads")
            pairs = tuple((c, i) for each in after if "=" in each for c, _, i in [each.partition("=")])
            target = Target(kind=kind, name=name, namespace=namespace, images=pairs)
            return Act(kind=Kind.IMAGE, words="`kubectl set image`", target=target)
        case ["rollout", verb, *more]:
            return _rolled(verb, more, namespace)
        case ["annotate", *more] if any("change-cause" in each for each in more):
            return Act(kind=Kind.OTHER, words=CAUSE)
        case ["patch", *more]:
            return _patched(more, namespace, options.get("-p") or options.get("--patch", ""))
        case ["config", "set-context", *_] if namespace:
            return Act(kind=Kind.NEUTRAL, home=namespace)
        case [verb, *_] if verb in _READING:
            return NEUTRAL
        case [verb, *_]:
            return Act(kind=Kind.OTHER, words=f"`kubectl {verb}`")
    return NEUTRAL


def _rolled(verb: str, more: Sequence[str], namespace: str) -> Act:
    if verb == "undo":
        return Act(kind=Kind.OTHER, words=ROLLBACK)
    if verb in ("status", "history", "pause", "resume"):
        return NEUTRAL
    if verb != "restart":
        return Act(kind=Kind.OTHER, words=f"`kubectl rollout {verb}`")
    kind, name, after = _named(more)
    if after:
        return Act(kind=Kind.OTHER, words="`kubectl rollout restart` of several workloads")
    target = Target(kind=kind, name=name, namespace=namespace)
    return Act(kind=Kind.IMAGE, words="`kubectl rollout restart`", target=target)


def _patched(words: Sequence[str], namespace: str, patch: str) -> Act:
    kind, name, _ = _named(words)
    pairs = images(patch)
    if changes_more(patch) or (not pairs and "restartedAt" not in patch):
        return Act(kind=Kind.OTHER, words="`kubectl patch`")
    target = Target(kind=kind, name=name, namespace=namespace, images=pairs)
    return Act(kind=Kind.IMAGE, words="`kubectl patch`", target=target)


def changes_more(patch: str) -> bool:
    """Whether a patch sets something else than images, or the annotation by which a workload is restarted."""
    paths = _PATH.findall(patch)
    others = {key for key in _KEY.findall(patch) if key not in _OF_IMAGES and "/" not in key}
    return bool(others) or any(not path.endswith("/image") for path in paths)


def images(patch: str) -> tuple[tuple[str, str], ...]:
    """The containers of a patch with their images; one that only has a number is `#0`."""
    listed = ((name, image) for image, name in _LISTED.findall(patch))
    return (*_PAIR.findall(patch), *listed, *((f"#{number}", image) for number, image in _PATCHED.findall(patch)))


def _split(rest: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words of a call, and its options by name."""
    words: list[str] = []
    options: dict[str, str] = {}
    waiting = ""
    for each in rest:
        if waiting:
            options[waiting], waiting = each, ""
        elif each.startswith("-"):
            name, equals, value = each.partition("=")
            if equals:
                options[name] = value
            elif name in _VALUES:
                waiting = name
            elif name.startswith("-n") and not name.startswith("--"):
                options["-n"] = name[2:]
        else:
            words.append(each)
    return words, options


def _named(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """The kind and the name of a workload, `deployment/web` or `deployment web`, and what follows."""
    if not words:
        return "", "", ()
    kind, slash, name = words[0].partition("/")
    plain = KINDS.get(kind.lower().partition(".")[0], "")
    if slash:
        return plain, name, words[1:]
    return plain, words[1] if len(words) > 1 else "", words[2:]
