"""What the text of an expression in CEL, or of a JSON patch, writes on objects: read by its words, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hclmod.rulekit import Data, UnknownData

_MAP = re.compile(r"\b(annotations|labels)\b[\"']?\s*:")
_ENTRY = re.compile(r"""["'](keel\.sh/[\w.-]+)["']\s*:\s*(?:["']([^"']*)["']|([^,}\n]+))""")
_PATH = re.compile(
    r"""["']?path["']?\s*:\s*["']?/metadata/(annotations|labels)/(?:["']\s*\+\s*[\w.]+\(["']([^"']+)["']\)|([\w.~-]+))"""
)
_VALUE = re.compile(r"""["']?value["']?\s*:\s*(?:["']([^"'\n]*)["']|([^\s,}"']+))""")
_REPLACED = re.compile(r"""/(?:initContainers|containers)/[^/\s]+/(image|imagePullPolicy)\b""")
_PULL = re.compile(r"""\bimagePullPolicy\b["']?\s*:\s*(?:["'](\w+)["'])?""")
_IMAGE = re.compile(r"""\bimage\b["']?\s*:\s*(?!.{0,40}==)""")
_NAME = re.compile(r"""namespace(?:Object\.metadata\.name)?\s*(?:==\s*["']([\w-]+)["']|in\s*\[([^\]]*)\])""")


def applied(text: str) -> dict[str, dict[str, Data]]:
    """The entries for Keel that an expression writes on an object's own metadata, by `annotations` and `labels`."""
    result: dict[str, dict[str, Data]] = {"annotations": {}, "labels": {}}
    for entry in _ENTRY.finditer(text):
        if where := _map_of(text[: entry.start()]):
            result[where][entry[1]] = entry[2] if entry[3] is None else UnknownData(entry[3].strip(), "it is computed")
    return result


def _map_of(before: str) -> str:
    """The map in which an entry stands, by the last words in front of it; empty for that of the pods."""
    words = _MAP.findall(before)
    on_pods = before.rfind("template") > before.rfind("Object.metadata")
    return "" if on_pods or not words else words[-1]


def patched(text: str) -> dict[str, dict[str, Data]]:
    """The same for a JSON patch, which names each entry by its path."""
    result: dict[str, dict[str, Data]] = {"annotations": {}, "labels": {}}
    for path in _PATH.finditer(text):
        value = _VALUE.search(text, path.end(), path.end() + 200)
        key = path[2] or path[3].replace("~1", "/").replace("~0", "~")
        written = (value[1] if value[1] is not None else value[2]) if value else None
        result[path[1]][key] = UnknownData(key, "its value is computed") if written is None else written
    return result


def overrides(text: str) -> Iterator[tuple[str, str]]:
    """What an expression sets on pods, with the value where that is written."""
    for pull in _PULL.finditer(text):
        yield "imagePullPolicy", pull[1] or ""
    if "containers" in text and _IMAGE.search(text):
        yield "image", ""
    if re.search(r"\bdnsConfig\b[\"']?\s*:", text):
        yield "dnsConfig", ""


def replaced(text: str) -> Iterator[tuple[str, str]]:
    """The same for a JSON patch."""
    for path in _REPLACED.finditer(text):
        value = _VALUE.search(text, path.end(), path.end() + 200)
        yield path[1], (value[1] or value[2] or "") if value else ""


def tags(conditions: str) -> str:
    """The tags for which a policy is, by its match conditions."""
    if "latest" not in conditions:
        return "all"
    return "others" if "!" in conditions else "latest"


def namespaces(condition: str) -> Iterator[str]:
    """The namespaces that a condition allows by name."""
    for name in _NAME.finditer(condition):
        if not condition[: name.start()].rstrip("( ").endswith("!"):
            yield from [name[1]] if name[1] else re.findall(r"[\w-]+", name[2])
