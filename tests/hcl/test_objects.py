"""Fixes inside of objects: bytes, what they declare, and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.hcl import fixes, objects
from hclmod.hcl.views import top_level
from hclmod.proof import verdict
from hclmod.proof.verify import verify
from tests.support.hcl import applied, source

if TYPE_CHECKING:
    from hclmod.hcl.edits import Fix
    from hclmod.hcl.views import Attribute, Expression

CALL = 'resource "x" "y" {\n  values = [yamlencode({\n    a = 1 # one\n    bc = {\n      d = 2\n    }\n  })]\n}\n'


def inside(text: str) -> tuple[Attribute, Expression]:
    """The only attribute of the first block, and the object that it gives to `yamlencode`."""
    attribute = next(iter(top_level(source(text))[1][0].attributes.values()))
    (item,) = attribute.value.elements() or (attribute.value,)
    return attribute, next(iter(item.arguments("yamlencode")), item)


def after(text: str, fix: Fix | None) -> str:
    """The document with the fix, proven."""
    assert fix is not None
    before = source(text)
    result = applied(before, fix)
    assert isinstance(verify(before, result, [fix]), verdict.AsDeclared)
    return result.data.decode()


def test_a_value_in_a_call_is_replaced() -> None:
    fix = objects.set_entry(*inside(CALL), "a", b'"x"')
    assert after(CALL, fix) == CALL.replace("a = 1", 'a = "x"')


def test_a_key_is_added_behind_the_others() -> None:
    fix = objects.set_entry(*inside(CALL), "e", b"{ f = true }")
    assert after(CALL, fix) == CALL.replace("    }\n  })]", "    }\n    e = { f = true }\n  })]")


def test_what_is_so_already_needs_no_fix() -> None:
    assert objects.set_entry(*inside(CALL), "a", b"1") is None
    assert objects.drop_entry(*inside(CALL), "z") is None


def test_a_key_is_dropped_with_its_comment() -> None:
    fix = objects.drop_entry(*inside(CALL), "a")
    assert after(CALL, fix) == CALL.replace("    a = 1 # one\n", "")


@pytest.mark.parametrize("value", ["yamlencode(local.x)", "yamlencode({ (var.k) = 1 })"])
def test_what_is_not_written_here_is_refused(value: str) -> None:
    with pytest.raises(fixes.UnfixableError, match="not an object written here"):
        objects.set_entry(*inside(f'resource "x" "y" {{\n  values = {value}\n}}\n'), "a", b"1")


@pytest.mark.parametrize("head", ['resource "x_one" "y"', "resource x_one y", 'resource  "x_one"  "y"'])
def test_a_resource_gets_another_type(head: str) -> None:
    text = f"{head} {{\n  a = 1\n}}\n\nlocals {{\n  b = x_one.y.a\n}}\n"
    block = top_level(source(text))[1][0]
    new = after(text, objects.relabel(block, "x_two"))
    assert new == text.replace('"x_one"' if '"x_one"' in head else "x_one", '"x_two"', 1)
    assert objects.relabel(block, "x_one") is None
