"""Every image, release and workload of a repository, one row each: the list from which a rollout is planned."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from hclmod import pieces
from hclmod.estate import tag_piece
from hclmod.images import floating, reference, tags
from hclmod.outside import OutsideRow
from hclmod.pieces import Hole, Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hclmod.config import Config
    from hclmod.estate import Estate, Home, Use
    from hclmod.images.snapshot import Snapshot
    from hclmod.pieces import Origin, Site


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image of one container; `origin` is where its tag stands, `fan_out` how many images that literal makes."""

    stack: str
    workload: str
    container: str
    init: bool
    namespace: str
    image: str
    form: str
    tag: str
    tag_class: str
    origin: str
    chain: str
    fan_out: int
    floating: str  # yes, no or unknown
    phase: int | None


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One Helm release; an empty cell is an attribute that is not set."""

    stack: str
    release: str
    namespace: str
    chart: str
    version: str
    atomic: str
    wait: str
    timeout: str
    phase: int | None


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """One workload and what Terraform ignores of it."""

    stack: str
    workload: str
    namespace: str
    owner: str  # the resource that declares the namespace, empty for none
    ignored: int
    phase: int | None


Row = ImageRow | ReleaseRow | WorkloadRow | OutsideRow


@dataclass(frozen=True, slots=True)
class Survey:
    """All rows, by stack and address."""

    images: tuple[ImageRow, ...]
    releases: tuple[ReleaseRow, ...]
    workloads: tuple[WorkloadRow, ...]
    outside: tuple[OutsideRow, ...] = ()


def survey(
    estate: Estate,
    config: Config,
    snapshot: Snapshot,
    phase_of: Callable[[str, str, str], int | None],
    outside: tuple[OutsideRow, ...] = (),
) -> Survey:
    """Take the rows of an estate; `phase_of` is given stack, folder and address, `outside` are taken as they are."""
    homes = {(home.stack, home.module, home.dweller.address): home for home in estate.homes}

    def phase(each: Use | Home, address: str) -> int | None:
        return phase_of(each.stack, each.folder, address)

    fan_out = {site: len(uses) for site, uses in estate.drives.items()}
    images = []
    for use in estate.uses:
        home = homes.get((use.stack, use.module, use.image.address))
        images += [
            _image(use, origin, home, fan_out, config, snapshot, phase(use, use.image.address))
            for origin in use.origins
        ]
    releases = [_release(home, phase(home, home.dweller.address)) for home in estate.homes if home.dweller.settings]
    workloads = [
        _workload(home, estate, phase(home, home.dweller.address)) for home in estate.homes if not home.dweller.settings
    ]
    return Survey(tuple(images), tuple(releases), tuple(workloads), outside)


def form_of(origin: Origin) -> str:
    """How an image is written: `literal`, or what its tag comes through last."""
    for part in origin:
        if isinstance(part, Hole):
            return "unknown"
    piece = tag_piece(origin) or origin[-1]
    if not piece.chain:
        return "literal" if len(origin) == 1 else "template"
    last = piece.chain[-1]
    for start, form in (("inputs of", "terragrunt"), ("default of", "module default"), ("module.", "module argument")):
        if last.startswith(start):
            return form
    return last.partition(".")[0] if last.partition(".")[0] in ("local", "var", "each") else "var-file"


def _image(
    use: Use, origin: Origin, home: Home | None, fan_out: Mapping[Site, int], config: Config,
    snapshot: Snapshot, phase: int | None,
) -> ImageRow:  # fmt: skip
    text = pieces.text(origin)
    known = reference.parse(text) if text is not None else None
    piece = tag_piece(origin) or (origin[-1] if origin else None)
    site = piece.site if isinstance(piece, Piece) else None
    tag = known.tag or "" if known else ""
    return ImageRow(
        use.stack,
        use.address,
        use.image.label,
        use.image.init,
        ", ".join(name or "?" for name in home.names) if home else "",
        "".join(part.text if isinstance(part, Piece) else f"<{part.text}: {part.why}>" for part in origin),
        form_of(origin),
        tag,
        tags.form(known.tag, known.digest) if known else "none",
        f"{site.document}:{site.line}" if site else f"{use.image.image.document}:{use.image.image.line}",
        " -> ".join(piece.chain) if piece else "",
        fan_out.get(site, 1) if site else 1,
        _floating(known, config, snapshot),
        phase,
    )


def _floating(known: reference.Reference | None, config: Config, snapshot: Snapshot) -> str:
    if known is None:
        return "unknown"
    decision = floating.decide(known, config.policy_for(known.name), snapshot.image(known.name))
    match decision:
        case floating.Keep(floating=True):
            return "yes"
        case floating.Unknown() if known.tag and tags.classify(known.tag) is tags.TagClass.MAJOR:
            return "unknown"
    return "no"


def _release(home: Home, phase: int | None) -> ReleaseRow:
    told = {name: home.dweller.settings.get(name, "").strip('"') for name in _SETTINGS}
    address = f"{home.module}.{home.dweller.address}".removeprefix(".")
    return ReleaseRow(home.stack, address, _named(home), phase=phase, **told)


_SETTINGS = ("chart", "version", "atomic", "wait", "timeout")


def _workload(home: Home, estate: Estate, phase: int | None) -> WorkloadRow:
    owners = [
        f"{stack}/{address}" for name in home.names for stack, _, address in estate.namespaces.get(name or "", ())
    ]
    address = f"{home.module}.{home.dweller.address}".removeprefix(".")
    return WorkloadRow(home.stack, address, _named(home), ", ".join(owners), len(home.dweller.ignored), phase)


def _named(home: Home) -> str:
    return ", ".join(name or "?" for name in home.names)


def render(found: Survey, form: str) -> str:
    """The survey as `text`, `json`, `csv` (images only) or `markdown`."""
    tables: dict[str, tuple[Row, ...]] = {
        "Images": found.images,
        "Images outside containers": found.outside,
        "Helm releases": found.releases,
        "Workloads": found.workloads,
    }
    match form:
        case "json":
            told = {name.lower().replace(" ", "_"): [asdict(row) for row in rows] for name, rows in tables.items()}
            return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
        case "csv":
            return _csv(found.images)
        case "markdown":
            return "\n".join(f"## {name}\n\n{_markdown(rows)}" for name, rows in tables.items())
        case _:
            return "\n".join(f"{name}\n{_text(rows)}" for name, rows in tables.items())


def _cells(row: Row) -> list[str]:
    """The values as text; what a terminal would obey is a blank."""
    words = {None: "", True: "yes", False: ""}
    values = (getattr(row, each.name) for each in fields(row))
    told = (words[value] if value is None or isinstance(value, bool) else str(value) for value in values)
    return ["".join(char if char.isprintable() else " " for char in text) for text in told]


def _heads(row: Row | type[Row]) -> list[str]:
    return [each.name.replace("_", " ") for each in fields(row)]


def _csv(rows: Sequence[ImageRow]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_heads(ImageRow))
    writer.writerows(_cells(row) for row in rows)
    return out.getvalue()


def _markdown(rows: Sequence[Row]) -> str:
    if not rows:
        return "none\n"
    lines = [_heads(rows[0]), ["---"] * len(_heads(rows[0])), *(_cells(row) for row in rows)]
    escaped = ([cell.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


def _text(rows: Sequence[Row]) -> str:
    if not rows:
        return "  none\n"
    lines = [_heads(rows[0]), *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "".join(
        "  " + "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )
