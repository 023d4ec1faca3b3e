"""Random plans, carried out with kills, failures and new plans: no window overflows, and all come to the same end."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from hclmod.rollout import batches, order
from hclmod.rollout.items import APPLY, BACKED_UP, POLL, Item
from hclmod.rollout.state import DONE, FAILED, STARTED, Finished, Offer, Wait, kept, parse, ready, with_event
from hclmod.rollout.state import dump as dumped
from hclmod.rollout.window import Pace, Span, opens, schedule
from tests.support.rollouts import START, item, planned, state

if TYPE_CHECKING:
    from random import Random

    from hclmod.rollout.state import What

MANY = settings(max_examples=100 if os.environ.get("TESTS_KEEP") else 1000)
"""1,000 plans with `--all`."""

PLACES = [f"s{number}" for number in range(8)]


class Draft(Struct, frozen=True):
    """What is to roll, what has to come first, and how fast."""

    items: tuple[Item, ...]
    after: dict[str, tuple[str, ...]]
    pace: Pace


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    per = draw(st.integers(1, 6))
    count = draw(st.integers(0, 16))
    items = []
    for number in range(count):
        when = draw(st.sampled_from([APPLY, APPLY, POLL]))
        name = f"{draw(st.sampled_from(PLACES))}/x{number}"
        weight = draw(st.sampled_from([0, 1, 1, 1, per]))
        stage, group = draw(st.integers(0, BACKED_UP)), draw(st.sampled_from(["", "", "", "g", "h"]))
        targets = ("kubernetes_namespace.n",) if when == POLL else (f"kubernetes_deployment.x{number}",)
        by_hand = draw(st.sampled_from(["", "", "", "", "secret state"]))
        items.append(item(name, weight, when=when, stage=stage, group=group, targets=targets, by_hand=by_hand))
    edges = draw(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)), max_size=10))
    groups = [{each.stack for each in items if each.group == name} for name in "gh"]
    grouped = set().union(*groups)
    free = [(a, b) for a, b in edges if a > b and not {a, b} & grouped]  # groups may close circles
    after = {stack: tuple(b for a, b in free if a == stack) for stack in PLACES}
    return Draft(tuple(items), after, Pace(per, 3600 * draw(st.integers(1, 6)), 600 * draw(st.integers(0, 6))))


def most(rolled: list[datetime], pace: Pace) -> int:
    """The largest number of rollouts in a window."""
    every = timedelta(seconds=pace.every)
    return max((sum(moment - every < other <= moment for other in rolled) for moment in rolled), default=0)


class Cluster:
    """Carries a plan out with a clock of its own, and notes when each workload rolls: once."""

    def __init__(self, draft: Draft, chance: Random) -> None:
        self.draft, self.chance, self.now = draft, chance, START
        self.state = state(planned(draft.items, draft.after, draft.pace.per)[0], draft.pace)
        self.rolled: dict[str, datetime] = {}

    def roll(self, batch_items: list[Item], begun: datetime) -> None:
        """Let workloads roll that have not, at some moment from the begin on, or when the cluster looks next."""
        for each in batch_items:
            end = self.now + timedelta(seconds=self.draft.pace.poll if each.when == POLL else 0)
            length = int((end - begun).total_seconds())
            self.rolled.setdefault(each.id, begun + timedelta(seconds=self.chance.randint(0, length)))

    def step(self) -> bool:
        """Do what may be done now; False at the end."""
        self.state = parse(dumped(self.state), "state")
        match ready(self.state, self.now, retry=True):
            case Finished():
                return False
            case Wait(_, until):
                assert until > self.now
                early = max(self.now, until - timedelta(seconds=1))
                assert isinstance(ready(self.state, early, retry=True), Wait)
                self.now = until
            case Offer(batch):
                begun = self.now
                self.state = with_event(self.state, batch, STARTED, begun)
                self.now += timedelta(seconds=self.chance.randint(0, 1800))
                end: What | None = self.chance.choice([DONE, DONE, FAILED, None])  # None: killed
                count = len(batch.items) if end == DONE else self.chance.randint(0, len(batch.items))
                self.roll(list(batch.items[:count]), begun)
                if end:
                    self.state = with_event(self.state, batch, end, self.now)
            case other:
                raise AssertionError(other)
        return True

    def plan_again(self) -> None:
        """Plan what is not done once more, as after a change of the configuration."""
        if self.state.of(STARTED):
            return
        done = kept(self.state, 1)
        spared = {each.id for batch in done for each in batch.items}
        rest = [each for each in self.draft.items if each.id not in spared]
        made, _ = planned(rest, self.draft.after, self.draft.pace.per)
        self.state = replace(self.state, batches=(*done, *made))


@MANY
@given(drafts(), st.randoms(use_true_random=False))
def test_every_way_leads_to_the_same_end_and_no_window_overflows(draft: Draft, chance: Random) -> None:
    cluster = Cluster(draft, chance)
    expected = {each.id for batch in cluster.state.batches for each in batch.items}
    for _ in range(400):
        if chance.random() < 0.1:
            cluster.plan_again()
        if not cluster.step():
            break
    assert isinstance(ready(cluster.state, cluster.now), Finished)
    assert set(cluster.rolled) == expected
    assert {each.id for batch in cluster.state.of(DONE) for each in batch.items} == expected
    weights = {each.id: each.weight for each in draft.items}
    assert (
        most([moment for id_, moment in cluster.rolled.items() for _ in range(weights[id_])], draft.pace)
        <= draft.pace.per
    )


@MANY
@given(drafts())
def test_every_item_is_in_one_batch_or_left_and_dependencies_come_first(draft: Draft) -> None:
    units, left = order.units(draft.items, draft.pace.per)
    ordered = order.ordered(units, draft.after)
    made = batches.packed(ordered, draft.pace.per)
    placed = [each.id for batch in made for each in batch.items]
    assert len(placed) == len(set(placed))
    lost = {each.id for each in draft.items} - set(placed)
    apart = {stack for each in left for stack in each.stacks}
    assert {each.stack for each in draft.items if each.id in lost} <= apart
    assert all(batch.weight <= draft.pace.per for batch in made)
    position = {step.stack: number for number, step in enumerate(step for batch in made for step in batch.steps)}
    first: dict[str, int] = {}
    for number, step in enumerate(step for batch in made for step in batch.steps):
        first.setdefault(step.stack, number)
    reached = order.reached(draft.after, position)
    assert all(position[other] < first[stack] for stack in first for other in reached[stack] if other in position)
    known = {batch.id: number for number, batch in enumerate(made)}
    assert all(known[other] < known[batch.id] for batch in made for other in batch.after)


@MANY
@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=20),
    st.lists(st.tuples(st.integers(-9, 3), st.integers(0, 3)), max_size=5),
)
def test_a_schedule_never_overflows_and_never_waits_without_need(
    given_batches: list[tuple[int, bool]], earlier: list[tuple[int, int]]
) -> None:
    pace = Pace(per=3, every=6 * 3600, poll=3600)
    past = [Span(START + timedelta(hours=hours), weight) for hours, weight in earlier]
    times = schedule(given_batches, past, pace, START)
    spans = list(past)
    for (weight, polls), moment in zip(given_batches, times, strict=True):
        assert opens(spans, weight, pace, moment) == moment
        if moment > START:
            before = max([START, *(each for each in times if each < moment)])
            assert before == moment or opens(spans, weight, pace, before) == moment
        spans.append(Span(moment + timedelta(hours=1 if polls else 0), weight))
    assert all(one <= other for one, other in pairwise(times))
