"""What the image rules share: which containers may be touched, and what their tag should be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod import values
from hclmod.images import floating, reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.images.floating import Decision
    from hclmod.images.reference import Reference
    from hclmod.rule import Context
    from hclmod.views import Attribute

STATEFUL = (
    "postgres", "postgresql", "postgis", "pgvector", "timescaledb", "mysql", "mariadb", "percona*", "redis", "valkey",
    "keydb", "clickhouse*", "mongo", "mongodb*", "elasticsearch", "opensearch", "cassandra", "cockroach", "influxdb",
    "neo4j", "couchdb", "etcd", "rabbitmq", "qdrant", "weaviate", "milvus", "chroma", "pgvecto-rs", "*-postgres",
    "*-postgresql", "*-mysql", "dolt*",
)  # fmt: skip
"""Images that hold data in a format of their own: never across majors by rule (FACTS 5.4)."""

_PIN_WORDS = re.compile(
    r"\b(pin(ned|s)?|held|hold|keep|stay|until|do ?n[o']t|never|must|bump|patched|broken?|breaks?|bug|regress\w*"
    r"|crash\w*|fail\w*|revert\w*|roll(ed)? ?back|downgrad\w*|incompatib\w*|requires?|match(es)?"
    r"|same as|in sync|v?\d+\.\d+(\.\d+)?)\b",
    re.IGNORECASE,
)


def parsed(image: Attribute) -> Reference | None:
    """The image reference, if it is a plain string that is one; None for templates and references."""
    text = image.value.string()
    quoted = image.value.quoted
    if text is None or quoted is None or len(text.encode()) != quoted.end - quoted.start:
        return None
    return reference.parse(text)


def repository(image: Attribute) -> Reference | None:
    """The repository of an image whose tag is interpolated: `"docker.io/x/y:${var.tag}"`; else None."""
    match values.read(image.value):
        case values.Template((values.Text(text), *_)) if text.endswith(":"):
            return reference.parse(text.removesuffix(":"))
    return None


def pin_reason(comments: Sequence[str]) -> str | None:
    """The comment on an image that gives a reason for its tag, or None; a link or a title is no reason."""
    return next((comment for comment in comments if _PIN_WORDS.search(comment)), None)


def decision(image: Reference, context: Context, stateful: Sequence[str]) -> Decision:
    """What becomes of the image's tag, by the config and the tag snapshot."""
    policy = context.config.policy_for(image.name)
    return floating.decide(image, policy, context.tags.image(image.name), stateful=(*STATEFUL, *stateful))
