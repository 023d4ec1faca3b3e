"""Pipelines of the repository that set images themselves: `kubectl set image deployment/web web=...`, or a patch."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl.source import is_large
from hclmod.scan.files import is_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class ImageSetter(Struct, frozen=True):
    """A command that sets images of a workload; `*` in a name stands for what the pipeline fills in.

    `command` is how a report names it.
    """

    kind: str  # as `_KINDS` has it
    name: str
    namespace: str  # empty where the command names none
    containers: tuple[str, ...]
    where: str  # file:line
    command: str = "`kubectl set image`"

    def sets(self, kind: str, name: str, namespace: str | None, container: str) -> bool:
        """Whether it may set this container's image."""
        home = self.namespace in ("", namespace) or namespace is None or fnmatchcase(namespace, self.namespace)
        label = any(fnmatchcase(container, each) for each in self.containers)
        return home and label and kind == self.kind and fnmatchcase(name, self.name)


_KINDS = {
    "deployment": ("deploy", "deployment", "deployments", "deployment.apps", "deployments.apps"),
    "stateful_set": ("sts", "statefulset", "statefulsets", "statefulset.apps", "statefulsets.apps"),
    "daemon_set": ("ds", "daemonset", "daemonsets", "daemonset.apps", "daemonsets.apps"),
    "cron_job": ("cj", "cronjob", "cronjobs", "cronjob.batch", "cronjobs.batch"),
    "pod": ("po", "pod", "pods"),
    "replication_controller": ("rc", "replicationcontroller", "replicationcontrollers"),
}
_KIND = {word: kind for kind, words in _KINDS.items() for word in words}
_REST = r"(?:[^;&|\n]|\n(?![ \t]*(?:-\s|[\w-]+:(?:\s|$))))*"
_SET = re.compile(r"\b(?:kubectl|oc)\b[^;&|\n]{0,300}?\bset\s+image\s" + _REST)
_PATCH = re.compile(r"\b(?:kubectl|oc)\b[^;&|\n]{0,300}?\bpatch\s" + _REST)
_REQUEST = re.compile(r"\bcurl\b" + _REST)
_WRITES = re.compile(r"(?:-X\s*|--request[\s=]+)(?:PATCH|PUT)\b")
_ADDRESS = re.compile(r"/namespaces/([\w.*-]+)/(deployments|statefulsets|daemonsets|cronjobs)/([\w.*-]+)")
_FILLED = re.compile(r"\$\{\{.{0,300}?\}\}|\$\{[^}]{0,300}\}|\$\([^)]{0,300}\)|\$\w+|\{\{.{0,300}?\}\}")
_JOINED = re.compile(r"[\"',\[\]]|\\\n")
_NAMESPACE = re.compile(r"(?:\s-n|\s--namespace)(?:\s+|=)(\S+)")
_CONTAINER = re.compile(r"\bname\s*:\s*([\w.*-]+)")
_COMMENT = ("#", "//")


def image_setters(texts: Mapping[str, bytes]) -> tuple[ImageSetter, ...]:
    """Every such command in the pipelines among these files and in scripts that they name, by file and line."""
    names = sorted(path for path in texts if is_pipeline(path) or _is_jenkins(path))
    read = {path: data for path in names if not is_large(data := texts.get(path, b""))}
    scripts = sorted(path for path in texts if _is_script(path) and path not in read)
    orders = b"\n".join(read.values()).decode(errors="replace") if scripts else ""
    read |= {path: data for path in scripts if _runs(orders, path) and not is_large(data := texts.get(path, b""))}
    return tuple(each for path, data in sorted(read.items()) for each in _in_text(path, data.decode(errors="replace")))


def applies_on_push(texts: Mapping[str, bytes]) -> str:
    """The first pipeline among these files that applies the stacks which a push changes; empty for none."""
    for path in sorted(path for path in texts if is_pipeline(path) or _is_jenkins(path)):
        data = b"" if is_large(texts.get(path, b"")) else texts.get(path, b"")
        lines = (line for line in data.split(b"\n") if not line.lstrip().startswith(b"#"))
        text = b"\n".join(lines)
        if _CHANGED.search(text) and _APPLIES.search(text):
            return path
    return ""


_CHANGED = re.compile(rb"\bgit\s+diff\b[^\n]*(?:HEAD[~^]|CI_PREV_COMMIT_SHA|CI_COMMIT_BEFORE_SHA|event\.before)")
_APPLIES = re.compile(rb"\bapply\b")


def _is_jenkins(path: str) -> bool:
    return path.rpartition("/")[2].startswith("Jenkinsfile")


def _is_script(path: str) -> bool:
    return path.endswith(".sh") or path.rpartition("/")[2] in _RUNNERS


_RUNNERS = {"Makefile": "make", "justfile": "just", "Taskfile.yml": "task", "Taskfile.yaml": "task"}


def _runs(orders: str, path: str) -> bool:
    """Whether the text of pipelines names a script, or the program that reads it."""
    name = path.rpartition("/")[2]
    return re.search(rf"(?<![\w.-]){re.escape(_RUNNERS.get(name, name))}(?![\w.-])", orders) is not None


def _in_text(path: str, text: str) -> Iterator[ImageSetter]:
    lines = "\n".join("" if line.lstrip().startswith(_COMMENT) else line for line in text.split("\n"))
    plain = _FILLED.sub(lambda each: "*" + "\n" * each[0].count("\n"), _JOINED.sub(_blank, lines))
    for pattern, read in ((_SET, _of_set), (_PATCH, _of_patch), (_REQUEST, _of_request)):
        for command in pattern.finditer(plain):
            where = f"{path}:{plain.count(chr(10), 0, command.start()) + 1}"
            if (setter := read(command[0], where)) is not None and setter.name.strip("*"):
                yield setter


def _of_set(command: str, where: str) -> ImageSetter | None:
    head, _, rest = command.partition("image")
    words = [each for each in rest.split() if not each.startswith("-")]
    containers = tuple(each.partition("=")[0] for each in words if "=" in each)
    home = _NAMESPACE.search(f" {head}{rest}")
    kind, name = _named(words)
    return ImageSetter(kind, name, home[1] if home else "", containers, where) if kind and containers else None


def _of_patch(command: str, where: str) -> ImageSetter | None:
    """`kubectl patch` with a text that holds an image; of one in a file nobody knows what it holds."""
    _, _, rest = command.partition("patch")
    if "image" not in rest and "-file" not in rest:
        return None
    home, (kind, name) = _NAMESPACE.search(f" {command}"), _named(rest.split())
    containers = tuple(_CONTAINER.findall(rest)) or ("*",)
    return ImageSetter(kind, name, home[1] if home else "", containers, where, "`kubectl patch`") if kind else None


def _of_request(command: str, where: str) -> ImageSetter | None:
    """A PATCH or PUT to the address of a workload in the API of Kubernetes, unless it says that it only restarts it."""
    address = _ADDRESS.search(command)
    if address is None or not _WRITES.search(command):
        return None
    if "restartedAt" in command and "image" not in command:
        return None
    containers = tuple(_CONTAINER.findall(command)) or ("*",)
    return ImageSetter(_KIND[address[2]], address[3], address[1], containers, where, "a request of `curl`")


def _blank(match: re.Match[str]) -> str:
    """What joins two words or lines of a command; the lines are counted all the same."""
    return "" if match[0] == "'" or match[0] == '"' else " "


def _named(words: list[str]) -> tuple[str, str]:
    """The kind and the name of the workload: `deployment/web` or `deployment web`."""
    for index, word in enumerate(words):
        kind, slash, name = word.partition("/")
        if kind.lower() in _KIND and slash:
            return _KIND[kind.lower()], name
        if kind.lower() in _KIND and index + 1 < len(words):
            return _KIND[kind.lower()], words[index + 1]
    return "", ""
