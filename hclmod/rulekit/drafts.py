"""Files that a rule begins: from a template, in the style of what stands beside them."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod import files
from hclmod.hcl import alignment
from hclmod.hcl.document import Document
from hclmod.hcl.edits import Fix, select
from hclmod.hcl.source import Source, parse, unreadable
from hclmod.hcl.views import top_level
from hclmod.proof import verdict
from hclmod.rulekit.folders import builtin_folder
from hclmod.terraform.code import CODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hclmod.hcl.views import Block

    Step = Callable[[Mapping[str, Block]], Fix | None]
    """Makes a fix of the blocks of a template, which it gets by their address."""


class Draft(Struct, frozen=True):
    """A file that is to be written, or (`data` None) the reason why it cannot be.

    `judges` are the parsers that have read it.
    """

    path: str
    data: bytes | None
    code: str
    message: str
    effect: str = ""
    advice: str = ""
    judges: tuple[str, ...] = ()


def draft(path: str, data: bytes, code: str, message: str, *, effect: str = "") -> Draft:
    """A file that is to be written; HashiCorp's parser has to read one of its syntax."""
    return Draft(path, data, code, message, effect, judges=_judges(path, data))


def objection(path: str, code: str, message: str, *, advice: str = "") -> Draft:
    """Why nothing can be written; `advice` is what to do about it."""
    return Draft(path, None, code, message, advice=advice)


def _judges(path: str, data: bytes) -> tuple[str, ...]:
    from hclmod.proof import parsers

    if not path.endswith((*CODE, ".hcl")):
        return ()
    match parsers.official(data):
        case parsers.Accepted(judge):
            return (judge,)
        case parsers.Rejected(judge, why):
            raise ValueError(f"{judge} rejects {path}: {why}")
    return ()


class Siblings(Struct, frozen=True, dict=True):
    """The stacks of a repository and all its files by path: what a new file is to look like.

    Generated and encrypted files say nothing of style.
    """

    stacks: tuple[str, ...]
    texts: Mapping[str, bytes]
    owner: Callable[[str], str | None] = lambda folder: folder
    """The path of the stack that a folder belongs to, or would."""
    config: str = "hclmod.toml"
    """The config that was read: its path among the files, or for one outside of them as the person named it."""

    @cached_property
    def _code(self) -> tuple[str, ...]:
        return tuple(path for path in self.texts if path.endswith(CODE) and self._lies_in_a_stack(path))

    def _lies_in_a_stack(self, path: str) -> bool:
        return any(not stack or path.startswith(f"{stack}/") for stack in self.stacks)

    @cached_property
    def newline(self) -> bytes:
        """The line end of most files of Terraform in the stacks."""
        texts = [self.texts.get(path, b"") for path in self._code]
        return b"\r\n" if 2 * sum(b"\r\n" in data for data in texts) > len(texts) else b"\n"

    def blocks(self, *kinds: str, folder: str | None = None) -> tuple[Block, ...]:
        """The resources of these types in all stacks, or in one folder."""
        paths = [each for each in self._code if folder is None or posixpath.dirname(each) == folder]
        return tuple(each for path in paths for each in self._blocks(path, kinds))

    def _blocks(self, path: str, kinds: tuple[str, ...]) -> Iterable[Block]:
        data = self.texts.get(path, b"")
        if not any(kind.encode() in data for kind in kinds) or unreadable(data):
            return ()
        source = parse(Document(path, data))
        blocks = top_level(source)[1] if isinstance(source, Source) else ()
        return (each for each in blocks if each.type == "resource" and each.type_label in kinds)

    def declares_local(self, name: str) -> bool:
        """Whether a document that nobody generates declares a local of this name."""
        entry = re.compile(rb"^[ \t]*%b\s*=" % re.escape(name.encode()), re.MULTILINE)
        texts = (self.texts.get(path, b"") for path in self._code)
        return any(
            b"locals" in data and not unreadable(data) and name in _locals(data) for data in texts if entry.search(data)
        )

    @cached_property
    def terragrunt(self) -> bytes | None:
        """The `terragrunt.hcl` of a typical stack: its `include`, and the dependencies that at least half have.

        None where less than half of the stacks have such a file, or none of them holds just that.
        """
        texts = [
            self.texts.get(path, b"")
            for each in self.stacks
            if (path := posixpath.join(each, _TERRAGRUNT)) in self.texts
        ]
        files = {data: _parts(data) for data in dict.fromkeys(texts) if unreadable(data) is None}
        count = Counter(part for data in texts for part in files.get(data, ()))
        usual = {part for part in count if part.kind == "dependency" and 2 * count[part] >= len(texts)}
        fit = [data for data in texts if _is_typical(files.get(data, ()), usual)]
        enough = 2 * len(texts) >= len(self.stacks)
        return Counter(fit).most_common(1)[0][0] if fit and enough else None


_TERRAGRUNT = "terragrunt.hcl"


class _Part(Struct, frozen=True):
    """A block of such a file, or (`kind` empty) something else."""

    kind: str
    label: str
    text: bytes


def _parts(data: bytes) -> tuple[_Part, ...]:
    source = parse(Document(_TERRAGRUNT, data))
    if not isinstance(source, Source):
        return (_Part("", "", b""),)
    attributes, blocks = top_level(source)
    others = tuple(_Part("", name, b"") for name in attributes)
    return (*others, *(_Part(each.type, each.type_label, b"".join(source.text(each.node).split())) for each in blocks))


def _is_typical(parts: Iterable[_Part], usual: set[_Part]) -> bool:
    parts = set(parts)
    includes = {each for each in parts if each.kind == "include"}
    return bool(includes) and parts - includes == usual


def _locals(data: bytes) -> set[str]:
    source = parse(Document("main.tf", data))
    blocks = top_level(source)[1] if isinstance(source, Source) else ()
    return {name for each in blocks if each.type == "locals" for name in each.attributes}


def template(name: str) -> bytes:
    """The text of a file below the built-in rules."""
    return files.load(builtin_folder() / name)


def fill(data: bytes, path: str, steps: Iterable[Step], *, newline: bytes = b"\n") -> bytes:
    """A template with the fixes of steps in it, one after another, and with these line ends.

    `ValueError` where the result is not as declared.
    """
    from hclmod.proof.verify import verify

    first = source = _parsed(path, data)
    fixes: list[Fix] = []
    for step in steps:
        fix = step({each.address: each for each in top_level(source)[1]})
        if fix is not None:
            source = alignment.applied(source, select([fix])[1])
            fixes.append(fix)
    judged = verify(first, source, fixes)
    if isinstance(judged, verdict.Same | verdict.AsDeclared):
        return source.data.replace(b"\n", newline)
    raise ValueError(f"{path} is not as declared: {judged}")


def _parsed(path: str, data: bytes) -> Source:
    source = parse(Document(path, data))
    if not isinstance(source, Source):
        raise ValueError(f"{path}: {source.reason}")  # noqa: TRY004 - it is a text that is wrong
    return source
