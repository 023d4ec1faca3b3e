"""What of the caches of a repository cannot be read, with the reason, so that a person looks at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.caches import nginx, texts
from hclmod.caches.nginx import CONTROL_FLOW, HOLE, Directive, Unread
from hclmod.files import UNREAD
from hclmod.hcl.source import unreadable
from hclmod.yaml import located

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hclmod.caches.texts import Text

_REGISTRY = re.compile(r"^[ \t]*remoteurl[ \t]*:", re.MULTILINE)
_YAML = re.compile(r"\.ya?ml(?:\.(?:tpl|tftpl|tmpl|template|j2|in))?$")


def files(known: Mapping[str, bytes | None]) -> Iterator[Unread]:
    """The files of caches that are not there any more, are not text, or must not be read as they are."""
    for path, data in known.items():
        if data is None:
            yield Unread(path, 0, UNREAD)
        elif any(word in data for word in texts.WORDS) and (why := unreadable(data)):
            text = texts.whole(path, data)
            if nginx.is_nginx(text) or _is_registry(text):
                yield Unread(path, 0, why.reason)


def registries(every: Iterable[Text]) -> Iterator[Unread]:
    """The configurations of registries that are not YAML, or that a template decides."""
    for text in every:
        if not (text.whole and _is_registry(text)):
            continue
        result = CONTROL_FLOW if text.has_control_flow else located.documents(text.plain)
        if isinstance(result, str):
            yield Unread(text.path, 0, result)


def _is_registry(text: Text) -> bool:
    return _YAML.search(text.path) is not None and _REGISTRY.search(text.text) is not None


def included(roots: Sequence[Directive], paths: Iterable[str]) -> Iterator[Unread]:
    """The files of the repository that an `include` names and that are not read, because their names say nothing."""
    holes = [each for root in roots for each in root.below() if each.name == HOLE and each.args]
    others = dict.fromkeys((path for path in paths if not texts.is_candidate(path)) if holes else ())
    for each in holes:
        for path in nginx.matches(each, others):
            why = f"`{each.shown}` ({each.place}) names it, and a file without a known ending is not read"
            yield Unread(path, 0, why)
