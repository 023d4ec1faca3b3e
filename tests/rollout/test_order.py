"""Which batches a plan has: what is together, what comes first, what fits into no window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hclmod.errors import HclmodError
from hclmod.rollout.items import BACKED_UP, JUMPS, NEVER, POLL, STATEFUL
from tests.support.rollouts import item, names, planned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hclmod.rollout.items import Item

Case = tuple["Sequence[Item]", "Mapping[str, Sequence[str]]", "list[str]"]

ENROLLED: dict[str, Any] = {"when": POLL, "targets": ("kubernetes_namespace.a",)}

CASES: dict[str, Case] = {
    "nothing rolls": ([], {}, []),
    "five fit": ([item(f"{name}/x") for name in "abcde"], {}, ["a/x b/x c/x d/x e/x"]),
    "six do not": ([item(f"{name}/x") for name in "abcdef"], {}, ["a/x b/x c/x d/x e/x", "f/x"]),
    "a stack stays whole": (
        [item("a/x"), item("a/y"), item("b/x"), item("b/y"), item("c/x"), item("c/y")],
        {},
        ["a/x a/y b/x b/y", "c/x c/y"],
    ),
    "a small stack fills the gap": (
        [item("a/x", 3), item("b/x", 3), item("c/x", 2)],
        {},
        ["a/x c/x", "b/x"],
    ),
    "a daemon set takes a window": ([item("a/x"), item("b/x", 5), item("c/x")], {}, ["a/x c/x", "b/x"]),
    "what rolls nothing takes no room": (
        [item("a/x", 5), item("b/x", 0, when=NEVER)],
        {},
        ["a/x b/x"],
    ),
    "what others read from comes first": (
        [item("a/x"), item("z/x")],
        {"a": ["z"]},
        ["z/x a/x"],
    ),
    "also through a stack that does not roll": (
        [item("a/x"), item("z/x")],
        {"a": ["m"], "m": ["z"]},
        ["z/x a/x"],
    ),
    "what keeps data comes after what does not": (
        [item("a/x", stage=STATEFUL), item("b/x", stage=JUMPS), item("c/x")],
        {},
        ["c/x b/x a/x"],
    ),
    "dependencies beat stages": (
        [item("a/x", stage=STATEFUL), item("b/x")],
        {"b": ["a"]},
        ["a/x b/x"],
    ),
    "what needs a backup shares no batch with what does not": (
        [item("a/x", stage=BACKED_UP), item("b/x"), item("c/x", stage=BACKED_UP)],
        {},
        ["b/x", "a/x c/x"],
    ),
    "a later stage does not fill a gap of an earlier one": (
        [item("a/x", 3), item("b/x", 3), item("c/x", 2, stage=STATEFUL)],
        {},
        ["a/x", "b/x c/x"],
    ),
    "a person's stack is alone": (
        [item("a/x"), item("b/x", by_hand="its state is encrypted"), item("c/x")],
        {},
        ["a/x c/x", "b/x"],
    ),
    "the worklist goes first, what is behind longest before the rest": (
        [item("a/x"), item("b/x", news="2026-03-01"), item("c/x", news="2026-01-01"), item("d/x", news="")],
        {},
        ["c/x b/x d/x a/x"],
    ),
    "an image that several share is adjacent": (
        [item("a/x", shared="z"), item("b/x", shared="y"), item("c/x", shared="z"), item("d/x")],
        {},
        ["b/x a/x c/x d/x"],
    ),
    "a group moves in one batch": (
        [item("a/x", group="g"), item("b/x", 4), item("c/x", group="g")],
        {},
        ["a/x c/x", "b/x"],
    ),
    "groups that share a stack are one": (
        [*(item(f"{name}/x", group="g") for name in "ab"), *(item(f"{name}/y", group="h") for name in "bc")],
        {},
        ["a/x b/x b/y c/y"],
    ),
    "a stack that is too large is cut": (
        [item(f"a/x{number}") for number in range(7)],
        {},
        ["a/x0 a/x1 a/x2 a/x3 a/x4", "a/x5 a/x6"],
    ),
    "an enrolment is not cut": (
        [*(item(f"a/x{number}") for number in range(3)), *(item(f"a/y{number}", **ENROLLED) for number in range(4))],
        {},
        ["a/y0 a/y1 a/y2 a/y3 a/x0", "a/x1 a/x2"],
    ),
    "what reads from a stack that is cut waits for its last part": (
        [*(item(f"a/x{number}") for number in range(6)), item("b/x")],
        {"b": ["a"]},
        ["a/x0 a/x1 a/x2 a/x3 a/x4", "a/x5 b/x"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_batches(name: str) -> None:
    items, after, expected = CASES[name]
    made, left = planned(items, after)
    assert names(made) == expected
    assert not left
    assert names(planned(reversed(items), after)[0]) == expected, "the order of the input decides nothing"


LEFT: dict[str, tuple[Sequence[Item], str]] = {
    "a group above the window": (
        [item("a/x", 3, group="g"), item("b/x", 3, group="g")],
        "the group g moves together and is 6 rollouts at once",
    ),
    "a group in one stack": (
        [*(item(f"a/x{number}", group="g") for number in range(6)), item("a/y")],
        "the group g moves together",
    ),
    "an enrolment above the window": (
        [item(f"a/x{number}", **ENROLLED) for number in range(6)],
        "enrolling a rolls 6 workloads at once",
    ),
    "a part that has no address": (
        [item(f"a/x{number}", targets=()) for number in range(6)],
        "has no address",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_fits_into_no_window_is_left_and_the_rest_is_planned(name: str) -> None:
    items, reason = LEFT[name]
    made, left = planned([*items, item("z/x")])
    assert names(made) == ["z/x"]
    (one,) = left
    assert reason in one.reason
    assert {each.workload for each in items} >= set(one.items)


def test_a_stack_that_is_cut_is_applied_by_targets_and_then_as_a_whole() -> None:
    made, _ = planned([item(f"a/x{number}") for number in range(7)])
    steps = [step for batch in made for step in batch.steps]
    assert [len(each.targets) for each in steps] == [5, 0]
    assert [each.last for each in steps] == [False, True]


def test_no_target_where_the_whole_stack_fits() -> None:
    made, _ = planned([item(f"{name}/x") for name in "abcdefg"])
    assert not [step for batch in made for step in batch.steps if step.targets or step.last]


def test_steps_of_a_group_follow_the_dependencies() -> None:
    made, _ = planned(
        [item("a/x", group="g"), item("b/x", group="g"), item("c/x", group="g")], {"a": ["c"], "c": ["b"]}
    )
    assert [[step.stack for step in batch.steps] for batch in made] == [["b", "c", "a"]]


CIRCLES: dict[str, tuple[Sequence[Item], Mapping[str, Sequence[str]]]] = {
    "two stacks": ([item("a/x"), item("b/x")], {"a": ["b"], "b": ["a"]}),
    "closed by a group": (
        [item("a/x", group="g"), item("b/x"), item("c/x", group="g")],
        {"a": ["b"], "b": ["c"]},
    ),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_circles_are_refused(name: str) -> None:
    items, after = CIRCLES[name]
    with pytest.raises(HclmodError, match="wait for each other"):
        planned(items, after)


def test_a_circle_that_nothing_of_the_plan_is_in_does_not_matter() -> None:
    made, _ = planned([item("a/x")], {"m": ["n"], "n": ["m"], "a": ["m"]})
    assert names(made) == ["a/x"]


def test_ids_are_those_of_the_items() -> None:
    first, _ = planned([item("a/x"), item("b/x")])
    again, _ = planned([item("b/x"), item("a/x")])
    other, _ = planned([item("a/x", images=(("x:1", "x:2"),)), item("b/x")])
    assert first[0].id == again[0].id != other[0].id
