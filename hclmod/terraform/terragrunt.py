"""What `terragrunt.hcl` says of a stack's variables, in the forms that real repositories use.

Followed: `inputs`, `locals`, `include` with `find_in_parent_folders`, `read_terragrunt_config`, the var-files, `-var`
and `TF_VAR_` of `extra_arguments`, a local `terraform { source }`. What is computed in other ways is named as unread.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hclmod.hcl.values import Call, Choice, Definition, List, Object, Opaque, Reference, Template, Text, Value
from hclmod.terraform import trace
from hclmod.terraform.code import from_root
from hclmod.terraform.deep import deepened
from hclmod.terraform.origins import Layer, Module, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hclmod.terraform.declarations import Declarations

NAME = "terragrunt.hcl"
VALUES = "terragrunt.values.hcl"
"""What a stack file has given a unit: `values` there."""

DEPTH = 3
"""Files that read files that read files; Terragrunt itself lets an included file include nothing."""


class _File(Struct, frozen=True):
    """A terragrunt file, and the one from whose folder its functions look: for an included file its includer."""

    path: str
    base: str


class Terragrunt:
    """The terragrunt file of one stack and the files that it includes.

    `find` gives a document's declarations, None where it cannot be read; `exists` says whether it is there at all.
    `units` are the `values` that stack files give it. `name` is that of the file.
    """

    def __init__(
        self,
        folder: str,
        find: Callable[[str], Declarations | None],
        exists: Callable[[str], bool],
        units: Sequence[Definition] = (),
        *,
        name: str = NAME,
    ) -> None:
        self.folder, self._find, self._exists, self._units = folder, find, exists, units
        path = posixpath.join(folder, name)
        self._own = _File(path, path)
        self._modules: dict[tuple[_File, int], Module] = {}
        self._parents: dict[str, str] = {}
        self._parents.update(self._includes(self._own))
        self._merged = dict(self._includes(self._own, merged=True))
        self._deep = dict(self._deeply(self._own))

    @property
    def paths(self) -> tuple[str, ...]:
        """The stack's own file and those that it is merged with."""
        return tuple(file.path for file in self._files)

    @property
    def _files(self) -> list[_File]:
        """The stack's own file, then those that it is merged with, the last `include` first: it wins."""
        included = [_File(path, self._own.path) for path in self._merged.values() if self._find(path)]
        return [self._own, *reversed(included)]

    def layers(self) -> tuple[Layer, ...]:
        """What is in the environment: `TF_VAR_`, the stack's own `inputs`, those that it includes."""
        given = [each for each in [self._inputs(self._own)] if each]
        for name, path in reversed(self._merged.items()):
            if (layer := self._included(name, path)) is not None:
                strategy = self._deep.get(name)
                given = [*(deepened(given, layer, lists=strategy == "deep") if strategy else given), layer]
            given += self._unfollowed(path)
        return (*self._environment(), *given)

    def _unfollowed(self, path: str) -> list[Layer]:
        """What an included file includes. Terragrunt refuses that, so nobody knows what it sets."""
        blocks = self._blocks(_File(path, self._own.path), "include")
        return [Layer(f"include {'.'.join(labels)} of {path}:", {}, complete=False) for labels, _ in blocks]

    def _included(self, name: str, path: str) -> Layer | None:
        """The `inputs` of an included file; of one that cannot be read nobody knows what it sets."""
        if self._find(path) is None:
            return Layer(f"include {name} of {self._own.path}:", {}, complete=False)
        return self._inputs(_File(path, self._own.path))

    def given(self) -> list[str | Layer]:
        """The var-files and `-var` that commands are given, the strongest one first: the last one wins."""
        result: list[list[str | Layer]] = []
        for file, attributes in self._extra_arguments():
            named = [
                each
                for name in ("required_var_files", "optional_var_files")
                for each in self._var_files(attributes.get(name), file, name)
            ]
            result.append([*self._argued(attributes.get("arguments"), file), *named])
        return [each for given in reversed(result) for each in reversed(given)]

    def source(self) -> str | None:
        """The folder of a local `terraform { source = "..." }`, or None."""
        for file in self._files:
            for _, attributes in self._blocks(file, "terraform"):
                text = self._text(attributes["source"], file) if "source" in attributes else None
                if text is not None:
                    local = text.startswith((".", "/"))
                    return from_root(posixpath.join("/", self.folder, text.replace("//", "/"))) if local else None
        return None

    def dependencies(self) -> Iterator[str]:
        """The folders that have to be applied before this one: those of `dependency`, and those of `dependencies`."""
        for file in self._files:
            paths: list[Value] = [
                each["config_path"] for _, each in self._blocks(file, "dependency") if "config_path" in each
            ]
            for _, each in self._blocks(file, "dependencies"):
                paths += (self._items(each["paths"], file) if "paths" in each else None) or ()
            yield from filter(None, (self._resolved(each, file) for each in paths))

    def given_to(self, kind: str) -> Iterator[tuple[str, Definition]]:
        """The folder and the values of each `unit` or `stack` block whose source lies in the repository."""
        scope = Scope(self._module(self._own, 0))
        for _, attributes in self._blocks(self._own, kind):
            source = self._text(attributes["source"], self._own) if "source" in attributes else None
            if source and source.startswith((".", "/")) and "values" in attributes:
                folder = from_root(posixpath.join("/", self.folder, source.replace("//", "/")))
                yield folder, trace.resolved(self._seen(attributes["values"], self._own, 0), scope)

    def _blocks(self, file: _File, target: str) -> Iterator[tuple[tuple[str, ...], dict[str, Definition]]]:
        result = self._find(file.path)
        for kind, labels, attributes in result.blocks if result else ():
            if kind == target:
                yield labels, dict(attributes)

    def _extra_arguments(self) -> list[tuple[_File, dict[str, Definition]]]:
        """Those for `plan` or `apply`, the strongest last; the own file's replaces an included one of its name."""
        every = {
            labels: (file, attributes)
            for file in reversed(self._files)
            for labels, attributes in self._blocks(file, "terraform.extra_arguments")
        }
        return [(file, attributes) for file, attributes in every.values() if self._is_applied(attributes, file)]

    def _is_applied(self, attributes: Mapping[str, Definition], file: _File) -> bool:
        """Whether it is for `plan` or `apply`; of `commands` that are not plain texts any may be one of these."""
        items = self._items(attributes["commands"], file) if "commands" in attributes else None
        return items is None or any(self._text(item, file) in ("plan", "apply", None) for item in items)

    def _includes(self, file: _File, *, merged: bool = False) -> Iterator[tuple[str, str]]:
        """The name of each `include` and the path that it leads to, empty for one that is computed.

        Only those that are `merged`: with `no_merge` nothing of the other file counts, but it can be referred to.
        """
        for labels, attributes in self._blocks(file, "include"):
            strategy = attributes.get("merge_strategy")
            if "path" in attributes and not (merged and strategy and self._text(strategy, file) == "no_merge"):
                path = self._resolved(attributes["path"], file, posixpath.dirname(file.path))
                yield ".".join(labels), path or ""

    def _deeply(self, file: _File) -> Iterator[tuple[str, str]]:
        """The name of each `include` whose maps are merged with those of this file at any depth, and its strategy."""
        for labels, attributes in self._blocks(file, "include"):
            strategy = self._text(attributes["merge_strategy"], file) if "merge_strategy" in attributes else None
            if strategy in ("deep", "deep_map_only"):
                yield ".".join(labels), strategy

    def _text(self, value: Value, file: _File, depth: int = 0) -> str | None:
        """A path that a terragrunt file makes of text and of Terragrunt's functions; `/` is the repository's root."""
        results, entries = self._find(file.path), None
        match value:
            case _ if depth > trace.DEPTH:
                return None
            case Definition(value=inner):
                entries = self._text(inner, file, depth + 1)
            case Text(text):
                entries = text
            case Template(parts):
                texts = [self._text(part, file, depth + 1) for part in parts]
                entries = None if None in texts else "".join(each or "" for each in texts)
            case Reference(("local", str(name))) if results and name in results.locals:
                entries = self._text(results.locals[name], file, depth + 1)
            case Call(name, arguments):
                entries = self._called(name, [self._text(each, file, depth + 1) for each in arguments], file)
        return entries

    def _called(self, name: str, arguments: Sequence[str | None], file: _File) -> str | None:
        given = [each for each in arguments if each]
        match name:
            case "get_repo_root" | "get_terragrunt_dir" | "get_original_terragrunt_dir":
                folders = {"get_repo_root": "", "get_terragrunt_dir": posixpath.dirname(file.base)}
                return "/" + folders.get(name, self.folder)
            case "get_parent_terragrunt_dir":
                return "/" + posixpath.dirname(self._parent(given, file))
            case "path_relative_to_include":
                here = posixpath.dirname(file.base)
                return posixpath.relpath("/" + here, "/" + posixpath.dirname(self._parent(given, file)))
            case "find_in_parent_folders":
                return self._above(given, file)
            case "dirname" | "basename" if given:
                return posixpath.dirname(given[0]) if name == "dirname" else posixpath.basename(given[0])
        return None

    def _parent(self, named: Sequence[str], file: _File) -> str:
        """The file that includes this one's includer: by the include's name, or the only one."""
        if named and named[0] in self._parents:
            return self._parents[named[0]]
        return file.path if file.path != file.base else next(iter(self._parents.values()), file.path)

    def _above(self, arguments: Sequence[str], file: _File) -> str | None:
        name, *fallback = arguments or (NAME,)
        folder = posixpath.dirname(file.base)
        while folder:
            folder = posixpath.dirname(folder)
            path = posixpath.normpath(posixpath.join(folder, name))
            if self._exists(path):
                return "/" + path
        return fallback[0] if fallback else None

    def _resolved(self, value: Value, file: _File, folder: str | None = None) -> str | None:
        text = self._text(value, file)
        here = posixpath.dirname(file.base) if folder is None else folder
        return None if text is None else from_root(posixpath.join("/", here, text))

    def _items(self, value: Definition, file: _File) -> list[Value] | None:
        pairs = trace.entries(value, Scope(self._module(file, 0)))
        return None if pairs is None else [item for _, item in pairs]

    def _var_files(self, value: Definition | None, file: _File, name: str) -> Iterator[str | Layer]:
        items = self._items(value, file) if value else []
        if items is None:
            yield Layer(f"{name} of {file.path}:", {}, complete=False)
        for item in items or ():
            path = self._resolved(item, file)
            if path is None:
                yield Layer(f"{name} of {file.path}:", {}, complete=False)
            elif name == "required_var_files" or self._exists(path):
                yield path

    def _argued(self, value: Definition | None, file: _File) -> Iterator[str | Layer]:
        """`-var` and `-var-file` among the arguments, joined to what they take."""
        words = [self._text(item, file) for item in (self._items(value, file) if value else ()) or ()]
        for at, word in enumerate(words):
            option, equals, given = (word or "").partition("=")
            if option in ("-var", "-var-file"):
                text = given if equals else words[at + 1] if at + 1 < len(words) else None
                name, _, set_to = (text or "").partition("=")
                if text is None or value is None:
                    yield Layer(f"{option} of {file.path}:", {}, complete=False)
                elif option == "-var-file":
                    yield from_root(posixpath.join("/", posixpath.dirname(file.base), text))
                else:
                    yield Layer(f"-var of {file.path}:", {name: replace(value, value=Text(set_to, None))})

    def _environment(self) -> Iterator[Layer]:
        for file, attributes in reversed(self._extra_arguments()):
            if "env_vars" in attributes:
                module = self._module(file, 0)
                values, complete = trace.table(attributes["env_vars"], Scope(module))
                named = {name[7:]: value for name, value in values.items() if name.startswith("TF_VAR_")}
                yield Layer(f"env_vars of {file.path}:", named, module, complete)

    def _inputs(self, file: _File) -> Layer | None:
        result = self._find(file.path)
        if result is None or "inputs" not in result.attributes:
            return None
        module = self._module(file, 0)
        inputs = self._seen(result.attributes["inputs"], file, 0)
        values, complete = trace.table(inputs, Scope(module))
        return Layer(f"inputs of {file.path}:", values, module, complete)

    def _module(self, file: _File, depth: int) -> Module:
        """The file as something whose locals can be followed; files that it reads are objects among them."""
        if (file, depth) not in self._modules:
            self._modules[file, depth] = self._made(file, depth)
        return self._modules[file, depth]

    def _made(self, file: _File, depth: int) -> Module:
        result = self._find(file.path)
        known = {name: self._seen(each, file, depth) for name, each in (result.locals if result else {}).items()}
        included: Value = Object(())
        if depth < DEPTH and file.path == file.base:
            below = [(name, self._object(_File(path, file.path), depth + 1)) for name, path in self._includes(file)]
            included = below[0][1] if len(below) == 1 and not below[0][0] else Object(tuple(below))
        objects = {"include": included}
        if (given := self._find(posixpath.join(self.folder, VALUES))) is not None:
            objects["values"] = Object(tuple(given.attributes.items()))
        elif self._units:
            objects["values"] = self._units[0] if len(self._units) == 1 else Choice(tuple(self._units))
        return Module(
            folder=posixpath.dirname(file.path),
            name="terragrunt",
            variables={},
            locals=known,
            outputs={},
            objects=objects,
        )

    def _seen(self, home: Definition, file: _File, depth: int) -> Definition:
        return replace(home, value=self._through(home.value, file, depth))

    def _through(self, value: Value, file: _File, depth: int) -> Value:
        """A value in which files that are read and names of folders stand in the place of the calls."""

        def all_of(values: Iterable[Value]) -> tuple[Value, ...]:
            return tuple(self._through(each, file, depth) for each in values)

        seen: Value = value
        match value:
            case Call():
                seen = self._call(value, all_of(value.arguments), file, depth)
            case Template(parts):
                seen = Template(all_of(parts))
            case List(items):
                seen = List(all_of(items))
            case Choice(arms):
                seen = Choice(all_of(arms))
            case Object(entries):
                seen = Object(tuple(zip([key for key, _ in entries], all_of(each for _, each in entries), strict=True)))
            case Reference((head, *rest)) if not isinstance(head, str | int):
                seen = replace(value, steps=(*all_of((head,)), *rest))
        return seen

    def _call(self, call: Call, arguments: tuple[Value, ...], file: _File, depth: int) -> Value:
        if call.name == "read_terragrunt_config" and depth < DEPTH:
            path = self._resolved(call.arguments[0], file) if call.arguments else None
            return self._object(_File(path, path), depth + 1) if path else call
        text = self._text(call, file)
        return replace(call, arguments=arguments) if text is None or text.startswith("/") else Text(text, None)

    def _object(self, file: _File, depth: int) -> Value:
        """A file that another one reads: its `locals` and `inputs`, followed where they stand."""
        result = self._find(file.path)
        if result is None:
            return Opaque(file.path, "it cannot be read")
        scope = Scope(self._module(file, depth))
        known = [(name, trace.resolved(each, scope)) for name, each in scope.module.locals.items()]
        entries: list[tuple[str | None, Value]] = [("locals", Object(tuple(known)))]
        if "inputs" in result.attributes:
            inputs, complete = trace.table(self._seen(result.attributes["inputs"], file, depth), scope)
            unknown: list[tuple[str | None, Value]] = [] if complete else [(None, Opaque(f"inputs of {file.path}"))]
            entries.append(("inputs", Object((*unknown, *inputs.items()))))
        return Object(tuple(entries))
