"""The chain of one image, from the container to the literal, and what else uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hclmod.errors import HclmodError
from hclmod.numbers import whole_number
from hclmod.scan.outside import OutsideImage
from hclmod.terraform import origins
from hclmod.terraform.origins import Hole
from hclmod.terraform.resources import fan_out
from hclmod.terraform.stacks import cut, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hclmod.engine.project import Project
    from hclmod.terraform.origins import Origin, Site
    from hclmod.terraform.resources import ImageUse


def find(project: Project, target: str) -> tuple[ImageUse | OutsideImage, ...]:
    """The images that `FILE:LINE`, `STACK/ADDRESS` or `ADDRESS` means; a `HclmodError` where there are none.

    A line may be that of an image or of a literal which images come from. A line in a file that Terraform does not give
    to the cluster, such as a pipeline, means the image that `hclmod survey` lists there.
    """
    place, colon, line = target.rpartition(":")
    results: Sequence[ImageUse | OutsideImage]
    if colon and line.isdecimal():
        uses = [use for use in project.uses if (place, whole_number(line)) in _lines(use)]
        results = uses or [each for each in project.outside_images if target in (each.place, each.origin_place)]
    else:
        results = [use for use in project.uses if _means(use, target)]
    if not results:
        hint = missing(target, [use.id.name for use in project.uses], project.model.unread)
        also = "FILE:LINE, from the repository's root, will do too; `hclmod survey` lists them."
        raise HclmodError(f"no image is found at `{target}`", hint=f"{hint} {also}")
    return tuple(results)


def _lines(use: ImageUse) -> set[tuple[str, int]]:
    return {(use.image.image.document, use.image.image.line), *((site.document, site.line) for site in use.sites)}


def _means(use: ImageUse, target: str) -> bool:
    stack, address = cut(target)
    names = (use.id.full, use.id.address)
    return address in names and (not stack or use.id.stack == stack or use.id.stack.endswith(f"/{stack}"))


def tell(project: Project, target: str) -> Iterator[str]:
    """The lines that explain the image at `FILE:LINE` or `STACK/ADDRESS`: its chains, and who else uses its literal."""
    drives = fan_out(project.uses)
    for use in find(project, target):
        if isinstance(use, OutsideImage):
            yield from _outside(use)
            continue
        yield f"{use.id.stack}/{use.id.full}  {use.image.label}"
        yield f"  image at {use.image.image.document}:{use.image.image.line}"
        for origin in use.origins:
            yield f"  {_written(origin)}"
            yield from _parts(origin)
        for path in use.overrides:
            yield f"  may be overridden by {path}, which cannot be read"
        yield from _others(drives, use)


def rows(project: Project, target: str) -> list[dict[str, Any]]:
    """What `tell` says as plain values: each image with its origins, their parts, and who else uses them."""
    drives = fan_out(project.uses)
    return [_row(each, drives) for each in find(project, target)]


def _row(use: ImageUse | OutsideImage, drives: Mapping[Site, Sequence[ImageUse]]) -> dict[str, Any]:
    if isinstance(use, OutsideImage):
        at = use.location
        return {"stack": at.stack, "address": at.address, "form": at.form, **_placed(at.file, at.line, [use.origin])}
    home = use.image.image
    return {
        "stack": use.id.stack,
        "address": use.id.full,
        "container": use.image.label,
        **_placed(home.document, home.line, use.origins),
        "may_be_overridden_by": list(use.overrides),
        "also_drives": [line.strip() for line in _others(drives, use)],
    }


def _placed(document: str, line: int, alternatives: Sequence[Origin]) -> dict[str, Any]:
    """Where an image is written, and where it comes from."""
    rows = [{"image": _written(each), "parts": list(_rows(each))} for each in alternatives]
    return {"document": document, "line": line, "origins": rows}


def _outside(image: OutsideImage) -> Iterator[str]:
    location = image.location
    yield f"{location.stack}/{location.address}".strip("/") + f"  {location.form}"
    yield f"  image at {location.file}:{location.line}"
    yield f"  {_written(image.origin)}"
    yield from _parts(image.origin)
    yield "  hclmod lists it and does not change it"


def _rows(origin: Origin) -> Iterator[dict[str, Any]]:
    for part in origin:
        row: dict[str, Any] = {"text": part.text, "chain": ["image", *part.chain]}
        if isinstance(part, Hole):
            yield row | {"ends_at": part.where, "why": part.why}
        else:
            site = part.site
            yield row | ({"document": site.document, "line": site.line} if site else {})


def _written(origin: Origin) -> str:
    return origins.text(origin) or "".join(
        part.text if not isinstance(part, Hole) else f"<{part.text}>" for part in origin
    )


def _parts(origin: Origin) -> Iterator[str]:
    for part in origin:
        through = " -> ".join(("image", *part.chain))
        if isinstance(part, Hole):
            yield f"    {through} ends at {part.text}{f' ({part.where})' if part.where else ''}: {part.why}"
        elif part.site is not None:
            yield f"    {through} is {part.text!r} at {part.site.document}:{part.site.line}"
        elif part.chain and part.text:
            yield f"    {through} is {part.text!r}, which is not text in quotes of a file that hclmod writes"


def _others(drives: Mapping[Site, Sequence[ImageUse]], use: ImageUse) -> Iterator[str]:
    for site in sorted(use.sites, key=lambda each: each.key):
        others = [f"{each.id.name} {each.image.label}" for each in drives[site] if each is not use]
        if others:
            yield f"  {site.document}:{site.line} also drives {', '.join(others)}"
