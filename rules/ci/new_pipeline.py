"""Begin a pipeline that builds an image and pushes `latest` (run by `hclmod ci new`).

Why: A service without CI stays at the image that a person has built once. The pipeline is the smallest one of the
uniform model: it builds on each push to the default branch, pushes `latest`, and Keel deploys.

Left alone: A file that is there already. The secrets, which a person has to create: the first line of the file names
them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from hclmod.rulekit import (
    Block,
    Context,
    Document,
    Draft,
    Finding,
    Rule,
    Siblings,
    YamlFile,
    draft,
    edits,
    insertion,
    objection,
    reference,
    template,
)

PATHS = {
    "woodpecker": (".woodpecker.yml", ".woodpecker/build.yml"),
    "github": (".github/workflows/build.yml",),
    "forgejo": (".forgejo/workflows/build.yml",),
    "gitlab": (".gitlab-ci.yml",),
}
"""The file of each platform; the second one where the folder is there already."""

_PLACES = {
    "woodpecker": (("steps", 0, "settings", "registry"), ("steps", 0, "settings", "repo")),
    "github": (("env", "REGISTRY"), ("env", "IMAGE")),
    "forgejo": (("env", "REGISTRY"), ("env", "IMAGE")),
    "gitlab": (("variables", "REGISTRY"), ("variables", "IMAGE")),
}
"""Where a template has the registry, and where the repository of the image."""


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule only begins files."""
    yield from ()


def drafts(siblings: Siblings, _context: Context, /, *, platform: str = "", image: str = "") -> Iterator[Draft]:
    """Yield the pipeline, or why it cannot be begun.

    `platform`: `woodpecker`, `github`, `forgejo` or `gitlab`.
    `image`: the repository that it pushes to, without a tag.
    """
    known = reference.parse(image) if image else None
    if platform not in PATHS:
        yield objection("pipeline", "unknown-platform", f"name a platform: {', '.join(PATHS)}")
        return
    path = _path(platform, siblings)
    if known is None or known.tag or known.digest:
        yield objection(path, "no-image", f"`{image}` is not a repository of images. Write it without a tag")
    elif path in siblings.texts:
        yield objection(path, "already-there", f"{path} is there already. `hclmod ci check` says what it needs")
    else:
        registry, _, rest = known.name.partition("/")
        message = f"begins a pipeline of {platform} that pushes {known.name}:latest"
        yield draft(path, _filled(platform, registry, f"{registry}/{rest}"), "begun", message)


def _path(platform: str, siblings: Siblings) -> str:
    plain, *more = PATHS[platform]
    folder = posixpath.dirname(more[0]) if more else ""
    return more[0] if folder and any(each.startswith(f"{folder}/") for each in siblings.texts) else plain


def _filled(platform: str, registry: str, image: str) -> bytes:
    data = template(f"ci/templates/{platform}.yml")
    for keys, text in zip(_PLACES[platform], (registry, image), strict=True):
        file = YamlFile(Document(platform, data))
        place = file.top.get(*keys) if file.top else None
        if place is None:
            raise ValueError(f"the template of {platform} has no {keys}")
        data = edits.apply(data, insertion.set_text(place, text).edits)
    return data


rule = Rule(check, kinds=(), drafts=drafts)
