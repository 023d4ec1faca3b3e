"""The documents of a Python program together: what its names are assigned, what its parts declare, who reads a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from hclmod.hcl.document import Document
from hclmod.hcl.source import unreadable
from hclmod.hcl.values import Definition, Opaque, Reference, definition
from hclmod.python import source as python
from hclmod.python.names import dotted, is_read
from hclmod.python.nodes import among
from hclmod.python.outline import blocks_of
from hclmod.python.source import Source
from hclmod.python.values import meaning, plain
from hclmod.terraform.declarations import Declarations, of_blocks
from hclmod.terraform.merging import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.python.nodes import Node
    from hclmod.python.views import Block
    from hclmod.terraform.apps import Apps, Read

Unit = tuple[str, str]
"""A document and the part of it that runs with parameters of its own; empty for the module itself."""


class Programs:
    """The Python programs of a repository, by their stacks."""

    def __init__(self, apps: Apps, read: Read) -> None:
        self.by_stack = {stack: Program(stack, app.documents, read) for stack, app in apps.items()}
        self._homes = {path: stack for stack, app in apps.items() for path in app.documents}

    def of(self, document: str) -> Program | None:
        """The program to which a document belongs."""
        stack = self._homes.get(document)
        return None if stack is None else self.by_stack[stack]

    def folder(self, document: str, unit: str | None = None) -> Folder | None:
        """What a document of a program declares, or a unit of it; None for others."""
        program = self.of(document)
        return program.folder(document, unit) if program else None

    def declared(self, document: str) -> Declarations | None:
        """What a document of a program declares, whatever unit does; None for others."""
        program = self.of(document)
        return program.declared(document) if program else None


class Program:
    """The documents of a stack that is a Python program."""

    def __init__(self, stack: str, documents: Sequence[str], read: Read) -> None:
        self.stack, self._documents, self._read = stack, tuple(documents), read
        self.unread: dict[str, str] = {}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The documents that import constructs, and those of the program that they import."""
        texts = {path: data for path in self._documents if (data := self._read(path)) is not None}
        todo = [path for path, data in texts.items() if python.imports_constructs(data)]
        sources: dict[str, Source] = {}
        while todo:
            path = todo.pop()
            if path in sources or path in self.unread:
                continue
            why = unreadable(texts[path])
            source = why or python.parse(Document(path, texts[path]), self.stack)
            if not isinstance(source, Source):
                self.unread[path] = source.reason
                continue
            sources[path] = source
            keys = (key.replace(":", ".") for key in source.names.imports.values())
            imported = [self.by_module[name] for key in keys if (name := _prefix(key, self.by_module))]
            todo += [each for each in imported if each in texts]
        return dict(sorted(sources.items()))

    @cached_property
    def by_module(self) -> Mapping[str, str]:
        """The documents by the names by which a program may import them: from its folder, and from deeper ones."""
        whole = {python.module_of(path, self.stack): path for path in self._documents}
        by_name: dict[str, list[str]] = defaultdict(list)
        for module, path in whole.items():
            parts = module.split(".")
            for start in range(1, len(parts)):
                by_name[".".join(parts[start:])].append(path)
        return {name: some[0] for name, some in by_name.items() if len(some) == 1} | whole

    def canonical(self, key: str) -> str:
        """A key by the document that has it, however it was imported."""
        dotted = key.replace(":", ".")
        name = _prefix(dotted, self.by_module)
        if not name:
            return key
        module = python.module_of(self.by_module[name], self.stack)
        return f"{module}:{dotted.removeprefix(name).lstrip('.')}"

    @cached_property
    def constants(self) -> Mapping[str, Definition]:
        """What each key is assigned, once."""
        result: dict[str, Definition] = {}
        for path, source in self.sources.items():
            for alias, key in source.names.imports.items():
                if ":" in key and not key.endswith(":"):
                    value = Reference(("local", key), alias)
                    result[f"{source.names.module}:{alias}"] = Definition(path, f"import.{alias}", 1, value)
        for block in (each for source in self.sources.values() for each in blocks_of(source)):
            if block.type == "locals":
                result.update({name: definition(each.value) for name, each in block.attributes.items()})
        return {key: self._unless_set(key, value) for key, value in result.items()}

    def _unless_set(self, key: str, value: Definition) -> Definition:
        """What a key is assigned, or that other code gives it another value."""
        names = self._set_anywhere if "." in key else ()
        if key not in self._set and key not in self._overruled and key.rpartition(".")[2] not in names:
            return value
        why = Opaque(key.rpartition(":")[2], "other code may give it another value")
        return Definition(value.document, value.path, value.line, why)

    @cached_property
    def _set(self) -> frozenset[str]:
        """The keys that are assigned through a module or a class: `settings.IMAGE = ...`."""
        return frozenset(self.canonical(key) for key, _ in self._targets if key)

    @cached_property
    def _set_anywhere(self) -> frozenset[str]:
        """The names of attributes that are assigned to objects which are not followed, or with `setattr`."""
        return frozenset(name for key, name in self._targets if not key)

    @cached_property
    def _targets(self) -> Sequence[tuple[str, str]]:
        """The attributes that are assigned, but for those of `self`: their keys, empty if not known, and names."""
        return [each for source in self.sources.values() for each in _targets(source)]

    @cached_property
    def _overruled(self) -> frozenset[str]:
        """The attributes of a class that a class derived from it replaces."""
        by_name: dict[str, list[tuple[Source, Node]]] = defaultdict(list)
        for source in self.sources.values():
            for each in source.top.walk("class"):
                by_name[each.fields["name"].word].append((source, each))
        return frozenset(
            f"{base}.{prefix}{name}"
            for some in by_name.values()
            for source, each in some
            for base in _above(each, by_name, frozenset())
            for name in _attributes(source, each)
            for prefix in ("", "self.")
        )

    @cached_property
    def units(self) -> Mapping[Unit, list[Block]]:
        """The resources and calls of each unit."""
        result: dict[Unit, list[Block]] = {(path, ""): [] for path in self.sources}
        for path, source in self.sources.items():
            for block in blocks_of(source):
                if block.type in ("resource", "module"):
                    result.setdefault((path, block.unit), []).append(block)
        return result

    def declared(self, path: str) -> Declarations | None:
        """What a document declares, whatever unit does; None for one that is none of the program."""
        source = self.sources.get(path)
        return of_blocks(path, {}, blocks_of(source)) if source else None

    def folder(self, path: str, unit: str | None = None) -> Folder:
        """What a unit declares, or the whole document."""
        key = (path, unit)
        if key not in self._folders:
            blocks = (
                self.units.get((path, unit or ""), [])
                if unit is not None
                else [each for (document, _), some in self.units.items() if document == path for each in some]
            )
            merged = Folder()
            merged.add(of_blocks(path, {}, [each for each in blocks if each.type == "resource"]))
            self._folders[key] = merged
        return self._folders[key]

    @cached_property
    def _folders(self) -> dict[tuple[str, str | None], Folder]:
        return {}

    def reads(self, key: str) -> Sequence[tuple[str, int]]:
        """Where the documents read what a key names: document and offset."""
        return self._reads.get(key, ())

    def variable_at(self, document: str, offset: int) -> str:
        """The key of the parameter that is read at an offset."""
        source = self.sources.get(document)
        node = source.top.descendant_for_byte_range(offset, offset + 1) if source else None
        return _parameter(source, node) if source and node is not None and node.type == "name" else ""

    @cached_property
    def _reads(self) -> Mapping[str, list[tuple[str, int]]]:
        result: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for path, source in self.sources.items():
            for node in source.top.walk("name", "get_attr"):
                if not is_read(node):
                    continue
                value = meaning(source, node)
                if not isinstance(value, Reference) or len(value.steps) < 2 or value.text != source.written(node):
                    continue
                head, name = value.steps[0], str(value.steps[1])
                if head == "local" and len(value.steps) == 2:
                    result[self.canonical(name)].append((path, node.start_byte))
                elif head == "var" and node.type == "name":
                    result[_parameter(source, node)].append((path, node.start_byte))
        return result


def _parameter(source: Source, node: Node) -> str:
    """The key of a parameter: the document, the unit and its name."""
    binding = source.names.lookup(node)
    if binding is None or binding[1].kind != "parameter" or binding[0].type != "function":
        return ""
    return f"{source.document.path}:{source.names.unit_of(binding[0])}({node.word})"


def _targets(source: Source) -> Iterator[tuple[str, str]]:
    for node in source.top.walk("attribute", "rebinding", "block"):
        if node.type == "block":
            given = among(node.children, "argument")
            name = plain(source, given[1].fields["val"].core()) if len(given) == 3 else None
            if name and source.written(node.fields["func"]) == "setattr":
                yield "", name
            continue
        targets = [each for each in node.children if "target" in node.fields and each is not node.fields.get("val")]
        for target in (inner for each in targets for inner in each.walk("get_attr")):
            if source.written(target.fields["of"]) != "self":
                yield source.names.qualified(target), target.fields["attr"].word


def _attributes(source: Source, made: Node) -> set[str]:
    """The names that a class gives a value, in its body and through `self`."""
    own = (each.word.removeprefix("self.") for each in made.walk("attribute") if each.word.startswith("self."))
    return {*source.names.bindings(made), *own} - {"__init__"}


def _above(made: Node, known: Mapping[str, Sequence[tuple[Source, Node]]], seen: frozenset[int]) -> Iterator[str]:
    """The keys of all classes that a class is derived from, by their names."""
    for name in bases(made) if id(made) not in seen else ():
        for source, each in known.get(name.rpartition(".")[2], ()):
            yield f"{source.names.module}:{qualname(source, each)}"
            yield from _above(each, known, seen | {id(made)})


def qualname(source: Source, node: Node) -> str:
    """The name of a class with those around it."""
    around = source.names.qualname(node)
    name = node.fields["name"].word
    return f"{around}.{name}" if around else name


def bases(node: Node) -> list[str]:
    """The names of the classes that a class is derived from."""
    given = [each.fields["val"].core() for each in node.children if each.type == "argument"]
    return [name for each in given if (name := dotted(each))]


def _prefix(key: str, known: Mapping[str, object]) -> str:
    """The longest beginning of a dotted key that is known."""
    while key and key not in known:
        key = key.rpartition(".")[0]
    return key
