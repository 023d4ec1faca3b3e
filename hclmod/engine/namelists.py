"""Find the list that the config names as FILE:ADDRESS: through locals, `concat`, `yamlencode`, heredocs and files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.errors import ConfigError, nearest
from hclmod.hcl import values
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source, parse
from hclmod.hcl.values import Call, LongText, Object
from hclmod.hcl.views import top_level
from hclmod.rulekit.namelists import NameList
from hclmod.scan.find import located
from hclmod.scan.objects import BODIES
from hclmod.terraform import lists, trace
from hclmod.terraform.inventory import written as resources
from hclmod.terraform.origins import Piece, Scope, text
from hclmod.yaml import data as yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hclmod.engine.project import Project
    from hclmod.hcl.values import Definition
    from hclmod.hcl.views import Block
    from hclmod.rulekit.namelists import NameListHooks
    from hclmod.scan.cluster import ClusterObject, ClusterObjects, Data
    from hclmod.terraform.model import Model
    from hclmod.terraform.names import At
    from hclmod.terraform.origins import Walk
    from hclmod.yaml.lists import Keys

    Pick = Callable[[Data], Iterable[Keys]]

EMPTY = "it is empty, which selects every namespace. Enroll by label instead, or write a first name by hand"
_UNREAD = "it holds names that cannot be read"
_CONDITION = "it depends on a condition"


def find(project: Project, objects: ClusterObjects, hooks: NameListHooks) -> tuple[NameList, ...]:
    """The lists of the object that the config names; a `ConfigError` where there is none."""
    where = hooks.where(project.config)
    if not where:
        return ()
    named = [(name, each) for each in objects.objects for name in _names(each, project.everything)]
    mine = [each for name, each in named if name == where]
    places = [place for each in mine for place in _lists(each, project, hooks.pick)]
    if places:
        return tuple(dict.fromkeys(places))
    known = sorted({name for name, each in named if any(True for _ in hooks.pick(each.data))})
    what = f"{where} has no list of namespaces" if mine else f"there is nothing at {where}"
    hint = nearest(where, known, f"Lists stand at: {', '.join(known)}." if known else "No object has such a list.")
    raise ConfigError(f"{project.config.path}: {what}", hint=hint)


def _names(each: ClusterObject, model: Model) -> Iterator[str]:
    """How a person may name an object: by its resource, and one in a file of YAML by its kind and name."""
    document = _document(each, model)
    if document and each.block:
        yield f"{document}:{each.block.address}"
    if each.file != document and isinstance(each.data, dict):
        metadata = each.data.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        yield f"{each.file}:{each.data.get('kind')}/{name}"


def _document(each: ClusterObject, model: Model) -> str:
    """The document of the resource that gives an object to the cluster; empty for a file that nothing reads."""
    if each.resource is None or each.block is None:
        return ""
    folder, address = each.block
    texts = ((path, data) for path, data in model.texts(folder).items() if path.rpartition("/")[0] == folder)
    return next((path for path, data in texts if any(block.address == address for block in resources(path, data))), "")


def _lists(each: ClusterObject, project: Project, pick: Pick) -> Iterator[NameList]:
    document = _document(each, project.everything)
    for keys in pick(each.data):
        names = _plain(each.data, keys)
        address = each.block.address if document and each.block else each.file
        blank = NameList(document=document or each.file, address=address, names=names, keys=keys, why=_objection(names))
        if each.file == document:
            yield _in_resource(blank, each, project)
        else:
            whole = project.tree.get(each.file, b"").decode(errors="replace")
            yield replace(blank, document=each.file, number=_number(whole, each.data))


def _objection(names: tuple[str, ...]) -> str:
    return EMPTY if not names else _UNREAD if "" in names else ""


def _plain(data: Data, keys: Keys) -> tuple[str, ...]:
    """The names in plain data, an empty text for one that cannot be read."""
    for key in keys:
        match data, key:
            case dict(), str():
                data = data.get(key)
            case list(), int():
                data = data[key]
    return tuple(each if isinstance(each, str) else "" for each in data) if isinstance(data, list) else ("",)


def _number(whole: str, data: Data) -> int:
    """Which document of a text an object is; where a template fills it in, none is the same, and it is the first."""
    documents = yaml.documents(whole)
    return documents.index(data) if isinstance(documents, list) and data in documents else 0


def _in_resource(blank: NameList, each: ClusterObject, project: Project) -> NameList:
    """A list in the text of a resource, or where its values come from."""
    block, scope = _block(blank, project), _scope(each, project.everything)
    body = block.attribute(BODIES.get(block.type_label, "")) if block else None
    if scope is None or body is None:
        return replace(blank, keys=(), why="its text cannot be followed")
    return _descended(replace(blank, path=body.path), values.definition(body.value), scope, project)


def _block(blank: NameList, project: Project) -> Block | None:
    source = parse(Document(blank.document, project.tree[blank.document]))
    blocks = top_level(source)[1] if isinstance(source, Source) else ()
    return next((each for each in blocks if each.address == blank.address), None)


def _scope(each: ClusterObject, model: Model) -> Scope | None:
    """The module of a resource, as its caller sees it."""
    if each.resource is None:
        return None
    stack, name, folder, _ = each.resource
    modules = (
        module for path, module in model.instances if path == stack and (module.folder, module.name) == (folder, name)
    )
    module = next(modules, None)
    return Scope(located(module)) if module else None


def _descended(blank: NameList, body: Definition, scope: Scope, project: Project) -> NameList:
    """Go down the keys, through references and what encodes or holds text."""
    at: At | None = trace.begin(body, scope)
    for index, key in enumerate(blank.keys):
        at = _opened(at)
        if at is None:
            return replace(blank, keys=(), why=blank.why or _CONDITION)
        if isinstance(at.value, LongText):
            place = replace(blank, document=at.home.document, path=at.home.path, keys=blank.keys[index:])
            return _unshared(place, at.walked, project)
        at = _child(at, key)
    at = _opened(at)
    return _of_literals(replace(blank, keys=()), at, project) if at else replace(blank, keys=(), why=_CONDITION)


def _opened(at: At | None) -> At | None:
    """What a value is behind references and `yamlencode`; None where that is not one thing."""
    while at is not None:
        alternatives = trace.reduced(at)
        at = alternatives[0] if len(alternatives) == 1 else None
        if at is None or not (isinstance(at.value, Call) and at.value.name in _ENCODING):
            return at
        at = trace.part(at, at.value.arguments[0]) if len(at.value.arguments) == 1 else None
    return None


_ENCODING = ("yamlencode", "jsonencode")


def _child(at: At, key: str | int) -> At | None:
    if isinstance(key, int):
        items = lists.items(trace.taken(at), at.scope)
        return items[key] if key < len(items) else None
    value = at.value.get(key) if isinstance(at.value, Object) else None
    return trace.part(at, value) if value is not None else None


def _of_literals(blank: NameList, at: At, project: Project) -> NameList:
    """The list literal in which the last item is written."""
    if blank.why:
        return blank
    pieces = [_piece(item) for item in lists.items(trace.taken(at), at.scope)]
    written = [piece for piece in pieces if piece and piece.site and piece.site.scalar is None]
    if not written or None in pieces or (site := written[-1].site) is None:
        return replace(blank, why=_UNREAD)
    place = replace(blank, document=site.document, path=site.path, position=site.place)
    return _unshared(place, written[-1].walked, project)


def _piece(item: At) -> Piece | None:
    """The only literal that makes an item."""
    origins = trace.every(item)
    if len(origins) != 1 or text(origins[0]) is None or len(origins[0]) != 1:
        return None
    (piece,) = origins[0]
    return piece if isinstance(piece, Piece) else None


def _unshared(place: NameList, walked: Iterable[Walk], project: Project) -> NameList:
    """The place, with an objection where more than one expression reads a name on the way to it."""
    for step in walked if not place.why else ():
        if step.name and (count := _readers(step, project.everything)) > 1:
            why = f"{step.name} is read at {count} places, and a name in it would matter at each"
            return replace(place, why=why)
    return place


def _readers(step: Walk, model: Model) -> int:
    """How many expressions of a folder read a name."""
    reader = re.compile(rb"(?<![\w.])" + re.escape(step.name.encode()) + rb"(?![\w-])")
    return sum(len(reader.findall(_COMMENT.sub(b"", data))) for data in model.texts(step.folder).values())


_COMMENT = re.compile(rb"^[ \t]*(?:#|//).*$", re.MULTILINE)
