"""All stacks together: module instances, the images that they use, and which literals they use.

A module called from eight stacks has eight callers, and each is an instance with variables of its own.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod import cache
from hclmod.terraform import origins, trace, var_files
from hclmod.terraform.code import CODE, JSON, generates, is_override, local_module, passed_over
from hclmod.terraform.documents import Documents
from hclmod.terraform.ids import BlockId, ResourceId
from hclmod.terraform.merging import Folder
from hclmod.terraform.namespaces import names, namespaces
from hclmod.terraform.origins import Layer, Module, Scope, Site, below
from hclmod.terraform.program_modules import instances
from hclmod.terraform.programs import Programs
from hclmod.terraform.resources import ImageUse, Workload, fan_out, overrides, scopes
from hclmod.terraform.terragrunt import Terragrunt
from hclmod.terraform.units import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hclmod.cache import Cache
    from hclmod.hcl.values import Definition, Value
    from hclmod.terraform.apps import Apps, Read
    from hclmod.terraform.declarations import Declarations, ModuleCall
from hclmod.terraform.origins import Piece


class Model:
    """What the files of a repository say together; documents are read when a stack leads to them."""

    def __init__(
        self,
        stacks: Sequence[str],
        paths: Iterable[str],
        read: Read,
        kept: Cache = cache.NONE,
        apps: Apps | None = None,
    ) -> None:
        self.stacks, self._read, self._kept = tuple(stacks), read, kept
        self._documents = Documents(read, kept)
        self.programs = Programs(apps or {}, read)
        self._stacks = frozenset(self.stacks)
        self._paths = frozenset(paths)
        self._beside: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._paths):
            self._beside[posixpath.dirname(path)].append(path)
        self._known: dict[str, Declarations | None] = {}
        self._folders: dict[str, Folder] = {}
        self._terragrunts: dict[str, Terragrunt] = {}
        self.unread: dict[str, str] = {}  # documents to which something led and that could not be read, with the reason

    def over(self, stacks: Sequence[str]) -> Model:
        """The same repository seen from other stacks; documents that are known are not read again."""
        other = Model(stacks, self._paths, self._read, self._kept)
        other._known, other._folders, other.unread = self._known, self._folders, self.unread
        other._terragrunts, other._documents = self._terragrunts, self._documents
        other.programs = self.programs
        return other

    @property
    def namespaces_in_use(self) -> frozenset[str]:
        """The names of the namespaces that workloads and releases name."""
        return frozenset(name for each in self.workloads for name in each.namespaces if name is not None)

    @cached_property
    def uses(self) -> tuple[ImageUse, ...]:
        """Every image of every container, by stack, module instance and address."""
        return tuple(use for stack, module in self.instances for use in self._uses(stack, module))

    def comments(self, piece: Piece) -> tuple[str, ...]:
        """What comments say on the way from an image to a piece of it: at locals, variables, calls, arguments."""
        passed = [(call.document, call.path) for call, _ in piece.passed]
        places = dict.fromkeys([(step.definition.document, step.definition.path) for step in piece.walked] + passed)
        known = ((self._declared(document), path) for document, path in places)
        return tuple(comment for result, path in known if result for comment in result.comments.get(path, ()))

    def texts(self, folder: str) -> dict[str, bytes]:
        """The documents of a folder as they are, also those that are not read for what they declare.

        With them come those that Terragrunt puts beside them in some stack: both make one module.
        """
        folders = (folder, *self._partners.get(folder, ()))
        return self._texts(path for each in folders for path in self._beside.get(each, []))

    def text(self, path: str) -> bytes:
        """A document as it is; empty where there is none."""
        return self._read(path) or b""

    def texts_of(self, *endings: str) -> dict[str, bytes]:
        """All documents whose names end so."""
        return self._texts(sorted(path for path in self._paths if path.endswith(endings)))

    def _texts(self, paths: Iterable[str]) -> dict[str, bytes]:
        entries = ((path, self._read(path)) for path in paths)
        return {path: text for path, text in entries if text is not None}

    def is_read(self, path: str) -> bool:
        """Whether a document is one of a module of these stacks, and says what it declares."""
        return posixpath.dirname(path) in self._reached and self._declared(path) is not None

    @cached_property
    def _reached(self) -> frozenset[str]:
        return self._stacks.union(module.folder for _, module in self.instances)

    def callers(self, folder: str) -> frozenset[tuple[str, str]]:
        """The folder and the name of each module call that leads to a folder."""
        calls = ((each.parent, each.call) for _, each in self.instances if each.folder == folder)
        return frozenset((parent.folder, call.name) for parent, call in calls if parent and call)

    def layered(self, stacks: Iterable[str]) -> dict[tuple[str, str], frozenset[str]]:
        """For each document and variable that it sets, the folders of the root modules for which it does."""
        by_key: dict[tuple[str, str], set[str]] = defaultdict(set)
        for stack in stacks:
            root = self._terragrunt(stack).source() or stack
            for layer in self._layers(stack):
                for name, definition in layer.values.items():
                    by_key[definition.document, name].add(root)
        return {key: frozenset(folders) for key, folders in by_key.items()}

    def called(self) -> frozenset[str]:
        """The folders that a module call of some stack, or its terragrunt file, names as its source."""
        calls = [(stack, call.source) for stack in self.stacks for call in self._folder(stack).calls.values()]
        sources = (self._terragrunt(stack).source() for stack in self.stacks)
        return frozenset(filter(None, (*(local_module(folder, source) for folder, source in calls), *sources)))

    @cached_property
    def drives(self) -> Mapping[Site, tuple[ImageUse, ...]]:
        """For each literal, the uses that it makes or helps to make: its fan-out."""
        return fan_out(self.uses)

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Every workload and release, with the names that its namespace may have."""
        return tuple(
            Workload(ResourceId(stack, module.name, module.folder, block.address), block, tuple(names(block, module)))
            for stack, module in self.instances
            for block in self._of(module).workloads.values()
        )

    @cached_property
    def namespaces(self) -> Mapping[str, tuple[ResourceId, ...]]:
        """For each namespace's name the resources that declare it, whatever instance of their module does."""
        by_key: dict[str, list[ResourceId]] = defaultdict(list)
        for stack, module in self.instances:
            for address, name in self._named(module):
                if name is not None:
                    by_key[name].append(ResourceId(stack, "", module.folder, address))
        return {name: tuple(dict.fromkeys(places)) for name, places in by_key.items()}

    @cached_property
    def namespace_names(self) -> Mapping[BlockId, tuple[str, ...]]:
        """The names of each namespace resource, where all of them are known."""
        by_key: dict[BlockId, list[str | None]] = defaultdict(list)
        for _, module in self.instances:
            for address, name in self._named(module):
                by_key[BlockId(module.folder, address)].append(name)
        return {where: tuple(sorted({each for each in names if each})) for where, names in by_key.items() if all(names)}

    def documents_of(self, folder: str, namespace: str) -> tuple[str, ...]:
        """The documents that declare a namespace of this address, an override file last."""
        return self._folder(folder).documents[namespace]

    def marks(self, folder: str, address: str) -> tuple[tuple[str, str], ...]:
        """The literal annotations and labels of a namespace resource."""
        return self._folder(folder).marks.get(address, ())

    def _named(self, module: Module) -> Iterator[tuple[str, str | None]]:
        """The address and each name of every namespace that a module declares, None for one that cannot be read."""
        folder = self._of(module)
        for address, name in folder.namespaces.items():
            for _, scope in trace.instances(folder.each.get(address), folder.count.get(address), Scope(module)):
                text = [origins.text(origin) for origin in trace.trace(name, scope)] if name else [None]
                yield from ((address, each) for each in text)

    @cached_property
    def instances(self) -> tuple[tuple[str, Module], ...]:
        """Every module of every stack as one caller sees it, with the stack; those that nothing calls too."""
        result: list[tuple[str, Module]] = []
        for stack in self.stacks:
            root = self._root(stack)
            result += [(stack, module) for module in below(root)]
            if self._has_code(stack) and root.folder != stack:
                result.append((stack, replace(root, folder=stack)))
        reached = {module.folder for _, module in result}
        inner: dict[str | None, list[str]] = defaultdict(list)
        for folder in sorted(self._beside.keys() - reached):
            inner[self._owner(folder)].append(folder)
        for stack in self.stacks:
            result += [(stack, self._module(each, "", (each,))) for each in inner[stack] if each != stack]
        for stack, program in self.programs.by_stack.items():
            result += [(stack, module) for module in instances(program)] if stack in self._stacks else []
            self.unread |= program.unread
        return tuple(result)

    def _of(self, module: Module) -> Folder:
        """What a module declares: its folder, or its part of a document of a Python program."""
        return self.programs.folder(module.folder, module.unit) or self._folder(module.folder)

    @cached_property
    def _partners(self) -> dict[str, list[str]]:
        """What is in one module with a folder: stacks with code of their own and their sources."""
        result: dict[str, list[str]] = defaultdict(list)
        for stack in self.stacks:
            source = self._terragrunt(stack).source() if self._has_code(stack) else None
            if source and source != stack:
                result[stack].append(source)
                result[source].append(stack)
        return result

    def _has_code(self, folder: str) -> bool:
        return any(path.endswith((*CODE, *JSON)) for path in self._beside.get(folder, []))

    def _owner(self, folder: str) -> str | None:
        """The innermost stack that a folder is in; the one at the root owns that folder alone."""
        while folder not in self._stacks:
            folder = folder.rpartition("/")[0]
            if not folder:
                return None
        return folder

    @cached_property
    def _units(self) -> dict[str, list[Definition]]:
        return units(self._paths, self._declared, self._paths.__contains__)

    def _terragrunt(self, stack: str) -> Terragrunt:
        if stack not in self._terragrunts:
            given = self._units.get(stack, ())
            self._terragrunts[stack] = Terragrunt(stack, self._declared, self._paths.__contains__, given)
        return self._terragrunts[stack]

    def _root(self, stack: str) -> Module:
        grunt = self._terragrunt(stack)
        folder = grunt.source() or stack
        self.unread |= {path: why for path in grunt.paths if (why := generates(path, self.text))}
        result = self._merged((folder, stack)) if folder != stack else None
        return self._module(folder, "", (folder,), layers=self._layers(stack), declared=result)

    def _layers(self, stack: str) -> tuple[Layer, ...]:
        """What sets the variables of a stack's root module, strongest first."""
        grunt = self._terragrunt(stack)
        files = [
            *grunt.given(),
            *var_files.written(grunt.paths, self.text),
            *var_files.beside(self._beside.get(stack, [])),
        ]
        layers = [self._layer(each) if isinstance(each, str) else each for each in files]
        return (*layers, *grunt.layers())

    def _layer(self, path: str) -> Layer:
        if path.endswith(".json"):
            return var_files.layer(path, self._read(path))
        result = self._declared(path)
        return Layer(path, result.attributes) if result else Layer(path, {}, complete=False)

    def _module(
        self,
        folder: str,
        name: str,
        above: tuple[str, ...],
        *,
        call: ModuleCall | None = None,
        parent: Module | None = None,
        layers: tuple[Layer, ...] = (),
        bound: Mapping[str, tuple[Value, Value]] | None = None,
        declared: Folder | None = None,
    ) -> Module:
        declared = declared or self._folder(folder)
        objects: dict[str, Value] = {}
        module = Module(
            folder=folder,
            name=name,
            variables=declared.variables,
            locals=declared.locals,
            outputs=declared.outputs,
            call=call,
            parent=parent,
            layers=layers,
            objects=objects,
            bound=bound or {},
            unread=tuple(declared.unread),
        )
        objects.update(namespaces(declared, Scope(module)))
        for called in declared.calls.values():
            target = local_module(posixpath.dirname(called.document), called.source)
            if target is None or target in above:
                continue
            runs = (called.arguments.get("for_each"), called.arguments.get("count"))
            for index, scope in trace.instances(*runs, Scope(module)):
                path, inside = f"{name}.module.{called.name}{index}".removeprefix("."), (*above, target)
                child = self._module(target, path, inside, call=called, parent=module, bound=scope.bound)
                module.children[f"{called.name}{index}"] = child
        return module

    def _folder(self, folder: str) -> Folder:
        if folder not in self._folders:
            self._folders[folder] = self.programs.folder(folder) or self._merged((folder,))
        return self._folders[folder]

    def _merged(self, folders: Iterable[str]) -> Folder:
        """The documents of folders as one module; Terragrunt copies a stack's over those of its source."""
        merged = Folder()
        paths = [p for folder in folders for p in self._beside.get(folder, []) if p.endswith((*CODE, *JSON))]
        skipped = {path: why for path in paths if (why := passed_over(path, paths))}
        files = {posixpath.basename(path): path for path in paths if path not in skipped}
        self.unread |= skipped
        merged.unread += [f"{path} ({why})" for path, why in skipped.items() if path.endswith(JSON)]
        for _, path in sorted(files.items(), key=lambda file: (is_override(file[0]), file)):
            if result := self._declared(path):
                merged.add(result)
            else:
                merged.unread.append(f"{path} ({self.unread.get(path, 'unreadable')})")
        return merged

    def _declared(self, path: str) -> Declarations | None:
        if path not in self._known:
            self._known[path] = self._fresh(path) if path in self._paths else self.programs.declared(path)
        return self._known[path]

    def _fresh(self, path: str) -> Declarations | None:
        result = self._documents.declared(path)
        if isinstance(result, str):
            self.unread[path] = result
            return None
        return result

    def read_ahead(self) -> None:
        """Read the code of all stacks now, with the help of another process if there is much that is new."""
        code = (path for path in sorted(self._paths) if path.endswith(CODE) and path not in self._known)
        self._documents.read_ahead(path for path in code if self._owner(posixpath.dirname(path)) is not None)

    def _uses(self, stack: str, module: Module) -> Iterator[ImageUse]:
        for image in (each for images in self._of(module).images.values() for each in images):
            results = [origin for scope in scopes(image, module) for origin in trace.trace(image.image, scope)]
            alternatives = tuple(dict.fromkeys(results))
            id_ = ResourceId(stack, module.name, module.folder, image.address)
            yield ImageUse(id_, image, alternatives, overrides(module, results))
