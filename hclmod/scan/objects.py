"""What a repository gives to the cluster, as data: Kubernetes objects in every form, Helm releases, other resources.

Only documents that hold one of the words that are asked for are looked at, and what lies around them.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from itertools import takewhile
from typing import TYPE_CHECKING

from hclmod.hcl import values
from hclmod.hcl.source import unreadable
from hclmod.hcl.values import Call, Definition
from hclmod.hcl.views import top_level
from hclmod.scan import helm
from hclmod.scan.cluster import UNREAD, ClusterObject, ClusterObjects, UnknownData
from hclmod.scan.data import Reader
from hclmod.scan.expressions import Reading
from hclmod.scan.files import Files
from hclmod.scan.find import located, reached
from hclmod.scan.owners import Owner
from hclmod.terraform import lists, overrides, trace
from hclmod.terraform.code import CODE, YAML, passed_over
from hclmod.terraform.ids import BlockId, ResourceId
from hclmod.terraform.inventory import written
from hclmod.terraform.kubernetes import NAMESPACES, RELEASE, WORKLOADS
from hclmod.terraform.origins import Scope, text
from hclmod.terraform.relevance import called_from
from hclmod.yaml import data as yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hclmod.hcl.views import Block
    from hclmod.scan.cluster import Data
    from hclmod.terraform.model import Model
    from hclmod.terraform.origins import Module


BODIES = {
    "kubernetes_manifest": "manifest",
    "kubectl_manifest": "yaml_body",
    "data.kubectl_file_documents": "content",
}
"""The attributes that hold a whole object."""

_PATTERN = {"data.kubectl_path_documents": "pattern"}
_READS = (b"file(", b"fileset(", b"kubectl_path_documents")


def find(model: Model, files: Files, words: Iterable[str]) -> ClusterObjects:
    """The objects that may hold one of the words, in the order of their places."""
    sought = tuple(word.encode() for word in words)
    matching = [path for path in files.paths if path.endswith((*CODE, *YAML)) and _holds(files.read(path), sought)]
    resources = Resources(files, model.stacks)
    if not matching:
        return ClusterObjects(first=resources.near(""))
    search = _Search(model, files, matching, sought)
    every = sorted(search.every(resources), key=lambda each: (each.file, each.line, str(each.resource)))
    return ClusterObjects(tuple(every), resources.near(""))


def _holds(data: bytes | None, words: Sequence[bytes]) -> bool:
    return data is not None and any(word in data for word in words)


class Resources:
    """The workloads, namespaces and the like of all stacks, by the text: places for findings that have none."""

    def __init__(self, files: Files, stacks: Sequence[str]) -> None:
        self.files = files
        tops = frozenset(stacks)
        self.paths = [path for path in files.paths if path.endswith(CODE) and _lies_in(path, tops)]

    def near(self, file: str) -> BlockId | None:
        """The first resource in the folder that is nearest to a file."""
        for path in sorted(self.paths, key=lambda each: (-_shared(each, file), each)):
            data = self.files.text(path)
            blocks = written(path, data) if isinstance(data, bytes) else ()
            if known := sorted(each for each in blocks if each.address.partition(".")[0] in _KNOWN):
                return known[0]
        return None


_KNOWN = frozenset({*NAMESPACES, *WORKLOADS, "kubernetes_manifest", "kubectl_manifest"})


def _lies_in(path: str, stacks: frozenset[str]) -> bool:
    return "" in stacks or any(path[:at] in stacks for at in _slashes(path))


def _shared(path: str, file: str) -> int:
    """How many folders two paths have in common."""
    pairs = zip(path.split("/")[:-1], file.split("/")[:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


class _Search:
    """One search: in the folders of documents that hold a word, and in those from which such a file may be read."""

    def __init__(self, model: Model, files: Files, matching: Sequence[str], words: Sequence[bytes]) -> None:
        self.files, self.words, self.matching = files, words, matching
        self.texts = {path: files.text(path) for path in files.paths if path.endswith(CODE)}
        self.folders = self._around(matching)
        self.model = model.over(self._stacks(model))
        self.known: set[str] = set()  # files that something reads

    def every(self, resources: Resources) -> Iterator[ClusterObject]:
        """All objects: those that resources give to the cluster, then those of files that nothing reads."""
        instances = [(stack, module) for stack, module in self.model.instances if module.folder in self.folders]
        called = {module.folder for _, module in instances if module.parent is not None}
        for stack, module in instances:
            if module.parent is not None or module.folder not in called:
                yield from _Here(self, stack, located(module)).every()
        for path in self.matching:
            if path.endswith(YAML) and path not in self.known:
                yield from self._plain(path, resources.near(path))

    def _around(self, matching: Sequence[str]) -> frozenset[str]:
        """The folders of the code that holds a word, and those above other files from which code may read them."""
        result = {posixpath.dirname(path) for path in matching if path.endswith(CODE)}
        reading = {posixpath.dirname(path) for path, data in self.texts.items() if _reads(data)}
        for path in matching:
            folder = posixpath.dirname(path)
            above = [folder[: at if at >= 0 else None] for at in (-1, *_slashes(folder))]
            result |= reading & {*above, ""} if not path.endswith(CODE) else set()
        return frozenset(result)

    def _stacks(self, model: Model) -> list[str]:
        """The stacks that lie around these folders, and those that call them as modules, in any number of steps."""
        callers: dict[str, set[str]] = defaultdict(set)
        for path, data in self.texts.items():
            for folder in called_from(path, data) if isinstance(data, bytes) else ():
                callers[folder].add(posixpath.dirname(path))
        folders, todo = set(self.folders), sorted(self.folders)
        while todo:
            more = callers[todo.pop()] - folders
            folders |= more
            todo += sorted(more)
        return [each for each in model.stacks if any(f"{folder}/".startswith(f"{each}/") for folder in folders)]

    def _plain(self, path: str, beside: BlockId | None) -> Iterator[ClusterObject]:
        """The objects of a file that nothing reads; a template that nothing fills in is none."""
        data = self.files.text(path)
        if isinstance(data, str) or not path.endswith((".yaml", ".yml", ".json")):
            return
        documents = yaml.documents(data.decode())
        for each in documents if isinstance(documents, list) else [UnknownData("the text", documents)]:
            if isinstance(each, UnknownData) or _is_object(each):
                yield ClusterObject(data=each, file=path, line=1, block=beside)


def _reads(data: bytes | str) -> bool:
    return isinstance(data, bytes) and any(word in data for word in _READS)


def _slashes(folder: str) -> Iterator[int]:
    return (at for at, letter in enumerate(folder) if letter == "/")


def _is_object(data: object) -> bool:
    return isinstance(data, dict) and "kind" in data and "apiVersion" in data


class _Here:
    """One module as one caller sees it."""

    def __init__(self, search: _Search, stack: str, module: Module) -> None:
        self.search, self.stack, self.module = search, stack, module
        self.reader = Reader(self._read)

    def every(self) -> Iterator[ClusterObject]:
        """The objects that its resources give to the cluster."""
        for block in self._blocks():
            each, count = _definition(block, "for_each"), _definition(block, "count")
            for _, scope in trace.instances(each, count, Scope(self.module)):
                yield from self._of_block(block, scope)

    def _blocks(self) -> list[Block]:
        """Its blocks, each with what override files say."""
        sources = self.search.files.sources(self.module.folder)
        paths = [each.document.path for each in sources]
        parts: dict[str, list[Block]] = defaultdict(list)
        for source in sources:
            if not passed_over(source.document.path, paths):
                for block in top_level(source)[1]:
                    parts[block.address].append(block)
        return [blocks[0] if len(blocks) == 1 else overrides.merge(blocks, blocks[0]) for blocks in parts.values()]

    def _of_block(self, block: Block, scope: Scope) -> Iterator[ClusterObject]:
        kind = f"data.{block.type_label}" if block.type == "data" else block.type_label
        if block.type not in ("resource", "data"):
            return
        if body := block.attribute(BODIES.get(kind, "")):
            for file, data in self.reader.decoded(values.definition(body.value), scope):
                yield from self._objects(block, file, data)
        elif pattern := block.attribute(_PATTERN.get(kind, "")):
            path = values.definition(pattern.value)
            for file, data in self.reader.decoded(_call("file", path), scope):
                yield from self._objects(block, file, data)
        elif kind == RELEASE:
            release = _release(block, scope, self.reader)
            yield self._object(block, block.source.document.path, release)
            for each in _inner(release.get("values")):
                yield self._object(block, block.source.document.path, each)
        elif _holds(block.source.data[block.span.start : block.span.end], self.search.words):
            yield self._object(block, block.source.document.path, _plain_block(block, scope, self.reader))

    def _objects(self, block: Block, file: str, data: Data) -> Iterator[ClusterObject]:
        """The objects of one document; a list of objects is each of them."""
        items = data.get("items") if isinstance(data, dict) and data.get("kind") == "List" else None
        for each in items if isinstance(items, list) else [data]:
            yield self._object(block, file, each)

    def _object(self, block: Block, file: str, data: Data) -> ClusterObject:
        own = block.source.document.path == file
        return ClusterObject(
            data=data,
            file=file,
            line=block.line if own else 1,
            type=f"data.{block.type_label}" if block.type == "data" else block.type_label,
            resource=ResourceId(self.stack, self.module.name, self.module.folder, block.address),
            block=BlockId(self.module.folder, block.address),
        )

    def _read(self, path: Definition, scope: Scope) -> list[tuple[str, str | UnknownData]]:
        """The texts of the files that a path may mean."""
        search, shown = self.search, path.value
        reading = Reading(owner=Owner(address="", kind="data"), function="file", path=path)
        result: list[tuple[str, str | UnknownData]] = []
        for file, _ in reached(search.files, reading, scope):
            search.known.add(file)
            data = search.files.text(file)
            why = data if isinstance(data, str) else getattr(unreadable(data), "reason", "")
            result.append((file, UnknownData(file, why) if isinstance(data, str) or why else data.decode()))
        written = next((text(each) for each in trace.trace(path, scope)), None) or str(getattr(shown, "text", "a path"))
        return result or [(path.document, UnknownData(written, "the file is not in this repository"))]


def _definition(block: Block, name: str) -> Definition | None:
    attribute = block.attribute(name)
    return values.definition(attribute.value) if attribute else None


def _call(name: str, path: Definition) -> Definition:
    return Definition(path.document, path.path, path.line, Call(name, (path.value,), name))


def _plain_block(block: Block, scope: Scope, reader: Reader) -> dict[str, Data]:
    """A block as data: its attributes, and a list of those of each type of its blocks."""
    result: dict[str, Data] = {
        name: reader.data(values.definition(each.value), scope) for name, each in block.attributes.items()
    }
    inner: dict[str, list[Data]] = defaultdict(list)
    for each in block.blocks():
        inner[each.type].append(_plain_block(each, scope, reader))
    return {**result, **inner}


def _release(block: Block, scope: Scope, reader: Reader) -> dict[str, Data]:
    """A Helm release as data."""
    plain = ("name", "namespace", "chart", "repository", "version")
    attributes = {name: each for name in plain if (each := block.attribute(name))}
    result: dict[str, Data] = {
        name: reader.data(values.definition(each.value), scope) for name, each in attributes.items()
    }
    merged: Data = {}
    given = block.attribute("values")
    for item in lists.items(values.definition(given.value), scope) if given else ():
        for _, document in reader.decoded(trace.taken(item), scope):
            merged = _over(merged, document)
    for setting in helm.settings(block):
        for name, value, _ in (each for form in helm.ways(setting, scope) for each in form):
            if key := text(name):
                merged = _over(merged, _nested(_steps(key), reader.data(value, scope)))
    return {**result, "values": merged}


def _steps(name: str) -> list[str]:
    """The steps of a name that is set, without numbers; a dot behind a backslash is none of them."""
    plain = name.replace("\\.", "\0")
    return [step.partition("[")[0].replace("\0", ".") for step in plain.split(".")]


def _nested(steps: Sequence[str], value: Data) -> Data:
    return {steps[0]: _nested(steps[1:], value)} if steps else value


def _over(old: Data, new: Data) -> Data:
    """Values above others, as Helm merges them; what cannot be read may say anything, and is kept beside them."""
    if isinstance(new, dict) and isinstance(old, dict):
        return {**old, **{key: _over(old.get(key), value) for key, value in new.items()}}
    if isinstance(new, UnknownData) and isinstance(old, dict):
        return {**old, UNREAD: new}
    return new


def _inner(data: Data) -> Iterator[Data]:
    """The Kubernetes objects in the values of a release, also those that stand there as text."""
    todo: list[Data] = [data]
    while todo:
        each = todo.pop()
        if _is_object(each):
            yield each
        elif isinstance(each, dict):
            todo += reversed(each.values())
        elif isinstance(each, list):
            todo += reversed(each)
        elif isinstance(each, str) and "apiVersion:" in each:
            documents = yaml.documents(each)
            todo += documents if isinstance(documents, list) else []
