"""Pipelines of the repository that set images themselves: `kubectl set image deployment/web web=...`."""

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
    """A command that sets images of a workload; `*` in a name stands for what the pipeline fills in."""

    kind: str  # as `_KINDS` has it
    name: str
    namespace: str  # empty where the command names none
    containers: tuple[str, ...]
    where: str  # file:line

    def sets(self, kind: str, name: str, namespace: str | None, container: str) -> bool:
        """Whether it may set this container's image."""
        home = self.namespace in ("", namespace) or namespace is None or fnmatchcase(namespace, self.namespace)
        label = any(fnmatchcase(container, each) for each in self.containers)
        return home and label and kind == self.kind and fnmatchcase(name, self.name)


_ENDINGS = (".yaml", ".yml")
_KINDS = {
    "deployment": ("deploy", "deployment", "deployments", "deployment.apps", "deployments.apps"),
    "stateful_set": ("sts", "statefulset", "statefulsets", "statefulset.apps", "statefulsets.apps"),
    "daemon_set": ("ds", "daemonset", "daemonsets", "daemonset.apps", "daemonsets.apps"),
    "cron_job": ("cj", "cronjob", "cronjobs", "cronjob.batch", "cronjobs.batch"),
    "pod": ("po", "pod", "pods"),
    "replication_controller": ("rc", "replicationcontroller", "replicationcontrollers"),
}
_KIND = {word: kind for kind, words in _KINDS.items() for word in words}
_COMMAND = re.compile(r"(?:kubectl|oc)\b[^;&|\n]*?\bset\s+image\s(?:[^;&|\n]|\n(?!\s*(?:-\s|[\w-]+:(?:\s|$))))*")
_FILLED = re.compile(r"\$\{\{.*?\}\}|\$\{[^}]*\}|\$\([^)]*\)|\$\w+|\{\{.*?\}\}")
_JOINED = re.compile(r"[\"',\[\]]|\\\n")
_NAMESPACE = re.compile(r"(?:\s-n|\s--namespace)(?:\s+|=)(\S+)")


def image_setters(texts: Mapping[str, bytes]) -> tuple[ImageSetter, ...]:
    """Every such command in the pipelines among these files, by file and line."""
    names = sorted(path for path in texts if path.endswith(_ENDINGS) and is_pipeline(path))
    texts_of = ((path, texts.get(path, b"")) for path in names)
    read = ((path, data) for path, data in texts_of if not is_large(data))
    return tuple(each for path, data in read for each in _in_text(path, data.decode(errors="replace")))


def _in_text(path: str, text: str) -> Iterator[ImageSetter]:
    lines = "\n".join("" if line.lstrip().startswith("#") else line for line in text.split("\n"))
    plain = _FILLED.sub(lambda each: "*" + "\n" * each[0].count("\n"), _JOINED.sub(_blank, lines))
    for command in _COMMAND.finditer(plain):
        head, _, rest = command[0].partition("image")
        words = [each for each in rest.split() if not each.startswith("-")]
        kind, name = _named(words)
        containers = tuple(each.partition("=")[0] for each in words if "=" in each)
        home = _NAMESPACE.search(f" {head}{rest}")
        where = f"{path}:{plain.count(chr(10), 0, command.start()) + 1}"
        if kind and containers and name.strip("*"):
            yield ImageSetter(kind, name, home[1] if home else "", containers, where)


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
