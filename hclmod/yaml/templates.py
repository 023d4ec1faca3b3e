"""Images in YAML that Terraform fills in: what the variables put there, and what else of the text reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.hcl.values import Definition, Template, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hclmod.hcl.values import Value
    from hclmod.yaml.scalars import Scalar

_NAME = re.compile(r"(?<!\$)\$\{\s*([A-Za-z_]\w*)\s*\}")
_COMMENT = re.compile(rb"^[ \t]*#.*$", re.MULTILINE)


_EXPRESSION = re.compile(r"(?<!\$)\$\{([^{}\n]*)\}")


def fill(text: str, value: Callable[[str], str]) -> str:
    """The text of a template with the `value` of each of its expressions in it."""
    return _EXPRESSION.sub(lambda each: value(each[1].strip()), text).replace("$${", "${")


def filled(scalar: Scalar, number: int, variables: Mapping[str, Definition]) -> Value:
    """A value of YAML with the variables of its template in it; one that has some has no site."""
    words = _NAME.split(scalar.text)
    if len(words) == 1:
        return Text(scalar.text, 0, scalar=number) if scalar.sound else Text(scalar.text, None)
    parts: list[Value] = []
    for literal, name in zip(words[::2], [*words[1::2], None], strict=True):
        parts += [Text(literal, None)] if literal else []
        if name is not None:
            parts.append(variables.get(name) or Text(f"${{{name}}}", None))
    return Template(tuple(parts))


def tag_variables(parts: Mapping[str, Scalar]) -> frozenset[str]:
    """The variables of an image in which its tag may begin: those behind the last colon, else all."""
    scalar = parts.get("tag") or parts.get("image")
    text = scalar.text if scalar else ""
    behind = re.split(r":(?![^{]*\})", text)[-1] if "tag" not in parts else text
    return frozenset(_NAME.findall(behind) or _NAME.findall(text))


def readers(data: bytes, images: Iterable[Mapping[str, Scalar]], names: Iterable[str]) -> tuple[int, ...]:
    """The offsets at which a template reads one of these variables and makes no image with it.

    Lines that are comments do not count.
    """
    words = b"|".join(re.escape(name).encode() for name in sorted(names))
    if not words:
        return ()
    text = bytearray(data)
    for scalar in (scalar for image in images for scalar in image.values()):
        for each in _NAME_BYTES.finditer(data, scalar.start, scalar.end):
            text[each.start() : each.end()] = b" " * len(each[0])
    code = _COMMENT.sub(lambda each: b" " * len(each[0]), bytes(text))
    result = re.finditer(rb"(?<![\w.])(?:" + words + rb")(?!\w)", code)
    return tuple(each.start() for each in result if _is_inside(code, each.start()))


_NAME_BYTES = re.compile(_NAME.pattern.encode())


def _is_inside(code: bytes, offset: int) -> bool:
    """Whether something that Terraform fills in begins before, on the same line or without an end."""
    opened = max(code.rfind(b"${", 0, offset), code.rfind(b"%{", 0, offset))
    return opened >= 0 and (b"\n" not in code[opened:offset] or b"}" not in code[opened:offset])
