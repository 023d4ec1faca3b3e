"""What the doctor can find: each cause with its code, what it means, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.rulekit.rule import NOWHERE, Finding, Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.hcl.edits import Fix

CODES: Mapping[str, str] = {
    "cached-manifest": "Put `proxy_cache off;` into the location of manifests. A tag is then asked for each time.",
    "cached-tag-list": "Put `proxy_cache off;` into the location that answers for lists of tags.",
    "cached-error": "Store blobs that were found and nothing else: `proxy_cache_valid 200 24h;` without `any`.",
    "stale-on-error": "Take the entry out: a pull that fails is seen, and an old image is not.",
    "key-without-uri": "Put `$request_uri` into `proxy_cache_key`, or take the line out.",
    "shared-key": "Put `$proxy_host` into `proxy_cache_key`, or give each registry a zone of its own.",
    "unserved-port": "Add a `server` that listens there, or take the port out of the compose file.",
    "push-limit": "Set `client_max_body_size 0;` where images are pushed through this server.",
    "unbuffered-cache": "nginx stores nothing with `proxy_buffering off`. Take one of the two out.",
    "ttl-without-unit": (
        "Write the unit, such as `h` for hours. A number alone counts nanoseconds. `--fix --ttl-unit h` adds it."
    ),
    "ttl-ignored": "Take `ttl` out. Only registry 3 reads it, and it makes no tag fresh: each is asked for again.",
    "ttl-never": "Set a time such as `168h` if the disk may fill. No value of `ttl` makes a tag fresher or older.",
    "anonymous-upstream": "Set `proxy.username` and `proxy.password`. While the registry refuses, old tags are given.",
    "unfilled-template": "Read the file with `templatefile`, or write the value.",
    "delete-off": "Set `storage.delete.enabled: true`, without which content that expired stays on the disk.",
    "mirror-resolves": (
        'Leave `"pull"` as the only capability of the mirror. containerd then asks the registry itself for tags, and '
        "takes blobs from the cache."
    ),
    "unserved-mirror": "Name a port that is served, or remove the mirror.",
    "no-fallback": "Name the registry itself as `server`, so that pulls go on while the cache is down.",
    "old-answer": "Ask again in a minute. If it stays, a store on the way keeps the tag: see the other findings.",
    "stored-answer": "Put `proxy_cache off;` into the location of manifests, on the machine that runs there.",
    "docs-disagree": "Say what holds: a tag is asked for each time, and is old only while the registry fails.",
}
"""The codes with what to do about them. `docs/guides/cache.md` has a section for each."""

LIVE = frozenset({"old-answer", "stored-answer"})
"""What only `--live` can find."""

NOTES = frozenset({"push-limit", "unbuffered-cache"})
"""What is worth knowing and makes no image old."""


WRITES = "writes"
"""The name of the cell that says what a fix puts there."""

PROXY_CACHE_OFF = "proxy_cache off;"


class Placed(Struct, frozen=True):
    """A finding with the file and the line on which it stands."""

    path: str
    line: int
    finding: Finding


def placed(
    code: str,
    at: tuple[str, int],
    message: str,
    *,
    subject: str = "",
    evidence: str = "",
    is_note: bool = False,
    writes: str = "",
    fix: Fix | None = None,
) -> Placed:
    """A finding of a code: `subject` is what of the file it is about, `evidence` what shows it, `writes` its fix."""
    note = is_note or code in NOTES
    finding = Finding(
        span=NOWHERE,
        code=code,
        message=message,
        level=Level.NOTE if note else Level.WARNING,
        address=subject,
        cells=tuple(cell for cell in (("evidence", evidence), (WRITES, writes)) if cell[1]),
        advice=CODES[code],
        fix=fix,
    )
    return Placed(*at, finding)
