"""Which stacks have to be followed, by their text: following costs a parse of each document."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.lazy import lazily
from hclmod.terraform.origins import Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from hclmod.hcl.document import Document
    from hclmod.terraform.model import Model
    from hclmod.terraform.stacks import Stack

_IMAGE_ELSEWHERE = lazily(rb'\bimage\s*=\s*(?:[^"\s]|"[^"\n]*\$\{)')
_HOME_ELSEWHERE = lazily(rb'\bnamespace\s*=\s*(?:"[^"\n]*\$\{|var\.|local\.|each\.|module\.)')
_HOME = lazily(rb'\bnamespace\s*=\s*"([^"$%\n]+)"')
_NAMESPACE = lazily(rb'\bresource\s+"kubernetes_namespace(?:_v1)?"\s+"[^"\n]*"\s*\{(.*?)^\}', re.DOTALL | re.MULTILINE)
_NAME = lazily(rb'\bname\s*=\s*(?:"([^"$%\n]+)")?')
_SOURCE = lazily(rb'\bsource\s*=\s*"(\.\.?/[^"\n]*)"')


def to_trace(
    stacks: Sequence[Stack], read: Callable[[Stack], Iterable[Document]], has_images: Callable[[str], bool]
) -> set[str]:
    """The stacks whose images have to be followed, by their text: following costs a parse of each document.

    Those with an image or a namespace that is not a plain string, those that call a module outside of them which has
    images, and those in which such a module lies; those that name a namespace of another stack, and that stack; those
    without code of their own. `has_images` answers for a folder.
    """
    owners = {stack.path for stack in stacks}
    documents = {stack.path: tuple(read(stack)) for stack in stacks}
    result = _across_stacks(documents, _declared(documents)) | {path for path, texts in documents.items() if not texts}
    for stack in stacks:
        for document in documents[stack.path]:
            if _IMAGE_ELSEWHERE.search(document.data) or _HOME_ELSEWHERE.search(document.data):
                result.add(stack.path)
            folder = posixpath.dirname(document.path)
            for source in _SOURCE.findall(document.data):
                target = _target(folder, source)
                if f"{target}/".startswith(f"{stack.path}/") or not has_images(target):
                    continue
                result |= {stack.path, *(owner for owner in owners if f"{target}/".startswith(f"{owner}/"))}
    return result


def to_trace_near(
    near: Sequence[Stack],
    stacks: Sequence[Stack],
    read: Callable[[Stack], Iterable[Document]],
    texts: Mapping[str, bytes],
) -> set[str]:
    """The stacks to follow for those at hand: `to_trace` of these, and whoever calls a folder that they have or call.

    A folder that they call counts where something runs in it. What other stacks read of a shared var-file is read from
    their text, so that they need not be followed.
    """
    own = {posixpath.dirname(path) for stack in near for path in stack.files} | {stack.path for stack in near}
    folders, todo, has_images = set(own), sorted(own), image_folders(texts)
    beside: dict[str, list[str]] = defaultdict(list)
    for path in texts if todo else ():
        beside[posixpath.dirname(path)].append(path)
    while todo:
        here = todo.pop()
        called = {_target(here, source) for path in beside[here] for source in _SOURCE.findall(texts[path])}
        todo += sorted(called - folders)
        folders |= called
    folders = {each for each in folders if each in own or has_images(each)}
    files = {path for path in texts if path.endswith("/terragrunt.hcl")}
    grunts = {
        posixpath.dirname(path)
        for path in files
        if any(_target(posixpath.dirname(path), each) in folders for each in _SOURCE.findall(texts[path]))
    }
    known = {stack.path for stack in stacks}
    return to_trace(near, read, has_images) | calling(stacks, read, folders) | (grunts & known)


def declarers(stacks: Sequence[Stack], read: Callable[[Stack], Iterable[Document]], names: Iterable[str]) -> set[str]:
    """The stacks that declare namespaces of these names, by their text."""
    declared = _declared({stack.path: tuple(read(stack)) for stack in stacks})
    return {stack for name in names for stack in declared.get(name.encode(), ())}


def _declared(documents: Mapping[str, Sequence[Document]]) -> dict[bytes, set[str]]:
    """The stacks that declare a namespace of each name; under the empty name those that compute one."""
    by_key: dict[bytes, set[str]] = defaultdict(set)
    for stack, texts in documents.items():
        for block in (block for each in texts for block in _NAMESPACE.findall(each.data)):
            by_key[next(iter(_NAME.findall(block)), b"")].add(stack)
    return by_key


def _across_stacks(documents: Mapping[str, Sequence[Document]], declared: Mapping[bytes, set[str]]) -> set[str]:
    """The stacks that name a namespace which another one declares, those that do, and those that compute a name."""
    results = set(declared.get(b"", ()))
    for stack, texts in documents.items():
        for name in {name for each in texts for name in _HOME.findall(each.data)}:
            if others := declared.get(name, set()) - {stack}:
                results |= {stack, *others}
    return results


def image_folders(texts: Mapping[str, bytes]) -> Callable[[str], bool]:
    """Whether a folder, or one that it calls in any number of steps, holds something that runs, by the text.

    Only the documents of folders that are asked about are read.
    """
    beside: dict[str, list[str]] = defaultdict(list)
    for path in texts:
        beside[posixpath.dirname(path)].append(path)

    def holds(folder: str) -> bool:
        todo, seen = [folder], {folder}
        while todo:
            here = todo.pop()
            for path in (each for below in beside if f"{below}/".startswith(f"{here}/") for each in beside[below]):
                if _IMAGE.search(texts[path]):
                    return True
                called = {_target(posixpath.dirname(path), source) for source in _SOURCE.findall(texts[path])} - seen
                todo += sorted(called)
                seen |= called
        return False

    return holds


def called_from(path: str, data: bytes) -> set[str]:
    """The folders that a document calls as modules, by its text."""
    return {_target(posixpath.dirname(path), each) for each in _SOURCE.findall(data)}


def _target(folder: str, source: bytes) -> str:
    return posixpath.normpath(posixpath.join(folder, source.decode(errors="replace")))


_IMAGE = lazily(
    rb"\bimage\s*=|\bhelm_release\b"
    rb"|\bkubernetes_(?:deployment|stateful_set|daemon_?set|cron_job|job|pod|replication_controller|namespace)(?:_v1)?\b"
)


def site_folders(model: Model) -> frozenset[str]:
    """The folders outside of their stacks from which images get a part: who else calls those may read it too."""
    result: set[str] = set()
    for use in model.uses:
        for part in (part for origin in use.origins for part in origin if isinstance(part, Piece)):
            homes = {step.home for step in part.walked} | {posixpath.dirname(part.site.document) if part.site else ""}
            result |= {home for home in homes if home and not f"{home}/".startswith(f"{use.id.stack}/")}
    return frozenset(result)


def calling(stacks: Sequence[Stack], read: Callable[[Stack], Iterable[Document]], folders: Collection[str]) -> set[str]:
    """The stacks whose text calls one of these folders as a module."""
    return {
        stack.path
        for stack in stacks
        for document in (read(stack) if folders else ())
        if any(_target(posixpath.dirname(document.path), each) in folders for each in _SOURCE.findall(document.data))
    }
