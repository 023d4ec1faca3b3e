"""What the verbs write is Python, is what they declare, and leaves every other byte."""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod.hcl import edits, fixes, undo
from hclmod.hcl.document import Document
from hclmod.hcl.indentation import UnfixableError
from hclmod.hcl.views import Attribute, Block, top_level
from hclmod.python import proof, source
from hclmod.python.source import Source
from hclmod.terraform.kubernetes import containers

if TYPE_CHECKING:
    from collections.abc import Callable

    from hclmod.hcl.edits import Fix

PACKAGES = (("cdktn", "cdktn_provider_kubernetes"), ("cdktf", "cdktf_cdktf_provider_kubernetes"))
ITEM = 'metadata[0].annotations["keel.sh/policy"]'


def parse(text: str) -> Source:
    result = source.parse(Document("app/main.py", text.encode()), "app")
    assert isinstance(result, Source), result
    return result


def resource(read: Source) -> Block:
    return next(each for each in top_level(read)[1] if each.type == "resource")


def joined(parts: list[str], layout: str, *, close: str, comma: bool) -> str:
    """Entries of a call or a dict in one of the ways in which people write them."""
    if layout == "one line":
        return ", ".join(parts) + (", " if comma and close == "}" else "") + close
    if layout == "hanging":
        return "\n        " + ",\n        ".join(parts) + ("," if comma else "") + close
    lines = [f"\n        {each},  # note" if layout == "comments" else f"\n        {each}," for each in parts]
    return "".join(lines) + "\n    " + close


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A program with one Deployment, as structs or dicts, in many layouts."""
    package, provider = draw(st.sampled_from(PACKAGES))
    layout = draw(st.sampled_from(["one line", "hanging", "lines", "comments"]))
    comma = draw(st.booleans())
    quote = draw(st.sampled_from("'\""))
    typed = draw(st.booleans())
    equals = draw(st.sampled_from(["=", " = "]))
    imported = draw(st.sampled_from(["App, TerraformStack", "(\n    App,\n    TerraformStack,\n)", "*"]))

    def entries(struct: str, *parts: tuple[str, str]) -> str:
        if typed:
            return f"k.{struct}(" + joined([f"{n}{equals}{v}" for n, v in parts], layout, close=")", comma=comma)
        return "{" + joined([f"{quote}{n}{quote}: {v}" for n, v in parts], layout, close="}", comma=comma)

    name = f"{quote}web{quote}"
    extra = [("annotations", "{}")] if draw(st.booleans()) else []
    metadata = entries("DeploymentV1Metadata", ("name", name), *extra)
    container = entries("DeploymentV1SpecTemplateSpecContainer", ("name", name), ("image", f"{quote}a/b:1.2.3{quote}"))
    pod = entries("DeploymentV1SpecTemplateSpec", ("container", f"[{container}]"))
    spec = entries("DeploymentV1Spec", ("template", entries("DeploymentV1SpecTemplate", ("spec", pod))))
    parts = ["self", name, f"metadata{equals}{metadata}", f"spec{equals}{spec}"]
    if draw(st.booleans()):
        listed = draw(st.sampled_from(["[]", "['spec[0].replicas']", "[\n  'spec[0].replicas',\n]"]))
        parts.append(f"lifecycle{equals}" + "{" + f"'ignore_changes': {listed}" + "}")
    call = "k.DeploymentV1(" + joined(parts, layout, close=")", comma=comma)
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    imports = f"from {package} import {imported}\nfrom {provider} import deployment_v1 as k\n"
    text = f"{imports}\n\ndef make(self):\n    {call}\n"
    return text.replace("\n", newline)


def image(block: Block) -> Attribute:
    """The image of the only container."""
    (only,) = containers(block)
    assert only.image is not None
    return only.image


VERBS: dict[str, Callable[[Block], Fix | None]] = {
    "the tag": lambda each: fixes.replace(image(each).value, b"a/b:latest", image(each).value.quoted),
    "the pull policy": lambda each: fixes.ensure_attribute(
        containers(each)[0].block, "image_pull_policy", b'"Always"', after="image"
    ),
    "what is ignored": lambda each: fixes.ensure_items(each, "ignore_changes", [ITEM], "MARK", inside="lifecycle"),
    "an annotation": lambda each: fixes.ensure_entry(each.blocks("metadata")[0], "annotations", "a.b/c", "never"),
    "the image goes": lambda each: fixes.remove(containers(each)[0].block.attributes["image"]),
}


@given(programs(), st.sampled_from(sorted(VERBS)))
def test_a_verb_writes_what_it_declares_and_no_other_byte(text: str, verb: str) -> None:
    before = parse(text)
    fix = VERBS[verb](resource(before))
    assert fix is not None
    made = sorted(fix.edits)
    after = parse(edits.apply(before.data, made).decode())
    ast.parse(after.data)
    assert proof.undeclared(before, after, [fix]) == ""
    assert proof.undeclared(before, after, []) != "", "the same change without a declaration is refused"
    kept = b"".join(before.data[one.span.end : two.span.start] for one, two in pairwise(made))
    assert after.data.startswith(before.data[: made[0].span.start])
    assert after.data.endswith(before.data[made[-1].span.end :])
    assert kept in after.data
    assert b"\r\n" in after.data or b"\r\n" not in before.data
    if verb != "the image goes":
        assert VERBS[verb](resource(after)) is None or verb == "the tag", "a second run has nothing to do"


@given(programs())
def test_what_is_written_with_marks_is_taken_back_byte_for_byte(text: str) -> None:
    before = parse(text)
    block = resource(before)

    def make(aligned: bool) -> Fix | None:  # noqa: FBT001 - `proved` calls it so
        fix = VERBS["an annotation"](block)
        return undo.keep(before, fix, "why", aligned=aligned) if fix else None

    try:
        fix = undo.proved(block, make)
    except UnfixableError:
        return  # its lines are shared with something else, which the report says
    assert fix is not None
    after = parse(edits.apply(before.data, fix.edits).decode())
    assert proof.undeclared(before, after, [fix]) == ""
    back = undo.restore(resource(after))
    assert back is not None
    again = parse(edits.apply(after.data, back.edits).decode())
    assert again.data == before.data
    assert proof.undeclared(after, again, [back]) == ""


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("lifecycle=COMMON", "not a list written here"),
        ("**COMMON", "not a list written here"),
        ("lifecycle={'ignore_changes': tuple(COMMON)}", "not a list written here"),
        ("lifecycle={'ignore_changes': [*COMMON]}", "not a list written here"),
    ],
)
def test_what_others_hold_is_left(argument: str, says: str) -> None:
    text = f"""\
from cdktn_provider_kubernetes.deployment_v1 import DeploymentV1

COMMON = other()
DeploymentV1(self, "web", metadata={{"name": "web"}}, {argument})
"""
    with pytest.raises(UnfixableError, match=says):
        VERBS["what is ignored"](resource(parse(text)))


def test_an_argument_that_may_be_given_already_is_not_given_twice() -> None:
    text = """\
from cdktn_provider_kubernetes.deployment_v1 import DeploymentV1

DeploymentV1(self, "web", metadata={"name": "web"}, spec={"template": {"spec": {"container": [
    {"name": "web", "image": "a/b:1", **MORE}
]}}})
"""
    with pytest.raises(UnfixableError, match="`\\*\\*MORE` may give `image_pull_policy` already"):
        VERBS["the pull policy"](resource(parse(text)))


def test_keys_that_another_dict_gives_are_left() -> None:
    text = """\
from cdktn_provider_kubernetes.namespace_v1 import NamespaceV1

NamespaceV1(self, "web", metadata={"name": "web", "annotations": {**COMMON}})
"""
    with pytest.raises(UnfixableError, match="keys that are not written here"):
        VERBS["an annotation"](resource(parse(text)))
