"""One report over all repositories of a fleet, as tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from msgspec import Struct

from hclmod.fleet.rows import Outcome
from hclmod.images import reference
from hclmod.reports.model import some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.fleet.rows import Row

_PLACES = 3


class OutcomeRow(Struct, frozen=True, kw_only=True):
    """How many repositories came to one end in a phase, and what is in them."""

    phase: int
    outcome: str
    repositories: int
    changes: int
    roll_out: int
    need_review: int


class RepositoryRow(Struct, frozen=True, kw_only=True):
    """One repository in one phase, as a person looks for it. `commit` is what its branch has."""

    NARROW: ClassVar = ("repository", "phase", "outcome", "changes", "roll_out", "need_review", "why")

    repository: str
    phase: int
    outcome: str
    changes: int
    roll_out: int
    need_review: int
    why: str
    base: str
    branch: str
    commit: str
    pull_request: str
    seconds: float
    at: str


class ReasonRow(Struct, frozen=True, kw_only=True):
    """Why repositories were refused, skipped or failed, each reason once."""

    NARROW: ClassVar = ("outcome", "why", "repositories", "which")

    outcome: str
    why: str
    repositories: int
    which: str


class ReviewRow(Struct, frozen=True, kw_only=True):
    """A cause for which places need review: how many there are, in how many repositories."""

    cause: str
    places: int
    repositories: int
    which: str


class TagsRow(Struct, frozen=True, kw_only=True):
    """An image that repositories have at different tags, with the number of repositories for each."""

    image: str
    repositories: int
    tags: str


Tables = dict[str, "Sequence[Struct]"]


def tables(rows: Sequence[Row], *, every: bool = True) -> Tables:
    """The tables of a report. Without `every` the table of single repositories is left out."""
    result: Tables = {"Fleet": list(_outcomes(rows)), "Needs review": _review(rows), "Reasons": _reasons(rows)}
    if every:
        result["Repositories"] = [_repository(row) for row in rows]
    return result | {"Images at several tags": _tags(rows)}


def _outcomes(rows: Sequence[Row]) -> Iterator[OutcomeRow]:
    for phase in sorted({row.phase for row in rows}):
        for outcome in Outcome:
            some_rows = [row for row in rows if row.phase == phase and row.outcome is outcome]
            if some_rows:
                yield OutcomeRow(
                    phase=phase,
                    outcome=outcome.value,
                    repositories=len(some_rows),
                    changes=sum(row.changes for row in some_rows),
                    roll_out=sum(row.roll_out for row in some_rows),
                    need_review=sum(row.need_review for row in some_rows),
                )


def _repository(row: Row) -> RepositoryRow:
    return RepositoryRow(
        repository=row.url,
        phase=row.phase,
        outcome=row.outcome.value,
        changes=row.changes,
        roll_out=row.roll_out,
        need_review=row.need_review,
        why=row.why,
        base=row.base[:12],
        branch=row.branch if row.commit else "",
        commit=row.commit[:12],
        pull_request=row.pull_request,
        seconds=row.seconds,
        at=row.at,
    )


def _reasons(rows: Sequence[Row]) -> list[ReasonRow]:
    by_reason: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        if row.why:
            by_reason[row.outcome.value, _without_address(row)].append(row.url)
    made = [
        ReasonRow(outcome=outcome, why=why, repositories=len(urls), which=some(urls, _PLACES))
        for (outcome, why), urls in by_reason.items()
    ]
    return sorted(made, key=lambda each: (each.outcome, -each.repositories, each.why))


def _without_address(row: Row) -> str:
    """The reason without the repository's own address or path, so that equal reasons are equal."""
    path = urlsplit(row.url).path if "://" in row.url else row.url
    return row.why.replace(row.url, "...").replace(path, "...") if path else row.why


def _review(rows: Sequence[Row]) -> list[ReviewRow]:
    places, urls = Counter[str](), defaultdict[str, list[str]](list)
    for row in rows:
        for cause in row.causes:
            places[cause.title] += cause.number
            urls[cause.title].append(row.url)
    made = [
        ReviewRow(cause=title, places=number, repositories=len(set(urls[title])), which=some(urls[title], _PLACES))
        for title, number in places.items()
    ]
    return sorted(made, key=lambda each: (-each.places, each.cause))


def _tags(rows: Sequence[Row]) -> list[TagsRow]:
    """The images that stand at several tags, in the most repositories first."""
    by_image: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        for image in filter(None, map(reference.parse, row.images)):
            by_image[image.name][image.tag or image.digest or "no tag"].add(row.url)
    made = [
        TagsRow(
            image=name,
            repositories=len(set().union(*tags.values())),
            tags=", ".join(f"{tag} ({len(urls)})" for tag, urls in sorted(tags.items())),
        )
        for name, tags in by_image.items()
        if len(tags) > 1
    ]
    return sorted((each for each in made if each.repositories > 1), key=lambda each: (-each.repositories, each.image))
