"""What a release sets by name: `set` blocks of either form of the provider, lists of them, and `dynamic` ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from hclmod.hcl import values
from hclmod.hcl.values import Definition, Opaque

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hclmod.hcl.views import Attribute, Block, Expression


class Setting(NamedTuple):
    """A name such as `web.image.tag` and a value; None for names that are computed and may be an image's."""

    name: str | None
    value: Definition


_KINDS = ("set", "set_sensitive", "set_list")
_ELSEWHERE = re.compile(rb"\b(?:var|module|data|each|count)\.")


def settings(release: Block, spoken: Callable[[Attribute], bytes]) -> Iterator[Setting]:
    """Everything that a release sets; `spoken` gives the text of an attribute with that of the locals it uses."""
    for kind in _KINDS:
        for each in release.blocks(kind):
            yield from _of_block(each)
        for dynamic in (each for each in release.blocks("dynamic") if each.labels == (kind,)):
            yield from _of_dynamic(dynamic, spoken)
        if attribute := release.attribute(kind):
            yield from _listed(attribute.value)


def _of_block(block: Block) -> Iterator[Setting]:
    name, value = block.attribute("name"), block.attribute("value")
    text = name.value.string() if name else None
    if name and text is None and "mage" in name.value.text:
        yield _unread(name)
    for each in _values(value.value, value.value) if value and text else ():
        yield Setting(text, each)


def _of_dynamic(dynamic: Block, spoken: Callable[[Attribute], bytes]) -> Iterator[Setting]:
    """What a `dynamic` block sets; where its names are computed, that they are, if one may be an image's."""
    over = dynamic.attribute("for_each")
    for content in dynamic.blocks("content"):
        name = content.attribute("name")
        if name is None or name.value.string() is not None:
            yield from _of_block(content)
        elif over and ("mage" in name.value.text or b"mage" in spoken(over) or _ELSEWHERE.search(spoken(over))):
            yield _unread(over)


def _unread(attribute: Attribute) -> Setting:
    place = values.definition(attribute.value)
    why = "the names that are set are computed, and an image among them is not followed"
    return Setting(None, Definition(place.document, place.path, place.line, Opaque(attribute.value.text, why)))


def _listed(whole: Expression) -> Iterator[Setting]:
    for item in whole.elements() or ():
        name, value = item.entry("name"), item.entry("value")
        text = name.string() if name else None
        for each in _values(whole, value) if value and text else ():
            yield Setting(text, each)


def _values(whole: Expression, value: Expression) -> Iterator[Definition]:
    """The value of a setting; of a list each of its items."""
    items = value.elements()
    yield from (values.part(whole, each) for each in ((value,) if items is None else items))
