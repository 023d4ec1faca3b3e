"""The comments that speak of a place in a YAML file: above its line, behind it, and those of the keys around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.hcl.edits import Span
    from hclmod.yaml.views import YamlFile

_AROUND = ("block_mapping_pair", "flow_pair", "block_sequence_item")


def around(file: YamlFile, span: Span) -> tuple[str, ...]:
    """Each comment as it stands, from the innermost outwards."""
    if b"hclmod:" not in file.data:
        return ()
    result = list(_at(file, span.start))
    node = file.root.descendant_for_byte_range(span.start, span.start)
    while node is not None:
        if node.type in _AROUND:
            result += _at(file, node.start_byte)
        node = node.parent
    return tuple(dict.fromkeys(result))


def _at(file: YamlFile, offset: int) -> Iterator[str]:
    """The comments directly above the line of an offset, and the one at its end."""
    document = file.document
    start, end = document.line_start(offset), document.line_end(offset)
    if b" #" in (line := document.data[start:end]):
        yield line[line.rindex(b" #") + 1 :].decode(errors="replace")
    while start:
        above = document.line_start(start - 1)
        line = document.data[above : start - 1].strip()
        if not line.startswith(b"#"):
            break
        yield line.decode(errors="replace")
        start = above
