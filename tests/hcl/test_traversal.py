from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod.hcl.traversal import Traversal, covers, parse


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("tags", ("tags",)),
        ("var.x", ("var", "x")),
        ("spec[0].template[0].spec[0].dns_config", ("spec", 0, "template", 0, "spec", 0, "dns_config")),
        ('metadata[0].annotations["keel.sh/policy"]', ("metadata", 0, "annotations", "keel.sh/policy")),
        ("spec.0.template.0.spec", ("spec", 0, "template", 0, "spec")),
        ('"spec.0.replicas"', ("spec", 0, "replicas")),
        (r'"labels[\"a.b\"]"', ("labels", "a.b")),
        ('labels["é,]#"]', ("labels", "é,]#")),
        ('labels[""]', ("labels", "")),
        (" a . b [ 0 ] ", ("a", "b", 0)),
        ("a-b.c_d", ("a-b", "c_d")),
        ("名前.é", ("名前", "é")),
        ("all", ("all",)),
    ],
)
def test_steps(text: str, steps: Traversal) -> None:
    assert parse(text) == steps


@pytest.mark.parametrize(
    "text",
    ["", "1", "0.a", "a.*.b", "a[*]", "a[each.key]", 'a["${b}"]', 'a["%{if b}"]', "f(a)", "(a)", "a + b", "[a]", '"*"'],
)
def test_not_static(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("all", "metadata[0].labels", True),
        ("metadata", 'metadata[0].annotations["a"]', True),
        ("metadata[0].annotations", 'metadata[0].annotations["a"]', True),
        ("spec.0.replicas", "spec[0].replicas", True),
        ("spec[0].replicas", "spec[0].replicas", True),
        ('metadata[0].annotations["a"]', "metadata[0].annotations", False),
        ("spec[1]", "spec[0].replicas", False),
        ("spec[0].rep", "spec[0].replicas", False),
        ("tags.all", "tags", False),
    ],
)
def test_covers(wide: str, narrow: str, covered: bool) -> None:  # noqa: FBT001
    steps = parse(wide), parse(narrow)
    assert steps[0] is not None
    assert steps[1] is not None
    assert covers(steps[0], steps[1]) is covered


@given(st.lists(st.integers(0, 99) | st.from_regex(r"[a-z./]{1,9}", fullmatch=True), max_size=6))
def test_what_is_written_is_read(steps: list[int | str]) -> None:
    text = "x" + "".join(f"[{step}]" if isinstance(step, int) else f'["{step}"]' for step in steps)
    assert parse(text) == ("x", *steps)
