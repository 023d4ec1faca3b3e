"""Which comments hold a tag: those that give a reason for it."""

from __future__ import annotations

import pytest

from rules._floats import pin_reason

REASONS = (
    "# pinned: 2.x needs another database",
    "# stay on 1.4 until the chart is fixed",
    "# keep in sync with the agent",
    "# do not bump",
    "# don't update this by hand",
    "# never bump",
    "# 3.0.4 crashes on start",
    "# newer ones are broken",
    "# broken since the rewrite upstream",
    "# 2.0 has no image for ARM",
    "# must match the server",
    "# rolled back after the outage",
    "/* requires CUDA 12 */",
    "# last version that works with Postgres 12",
    "# last release with ARM builds",
    "# only one which starts",
    "# known-good version",
    "# newer versions drop the old config",
    "# upgrade blocked by an open issue",
    "# leave as is",
    "# because of https://example.com/issues/12",
)
NONE = (
    "# example.com/play/python:v1.48.0-noble",
    "# v1.48.0-noble",
    "# 1.48",
    "# webhook remains broken",
    "# Bump on every deploy",
    "# bump me",
    "# https://github.com/acme/web/releases/tag/v1.4.0",
    "# the web front end",
    "# Postgres 16.4",
    "# image: ghcr.io/acme/web@sha256:0123",
    "# fails often",
    "# the latest version",
    "# drops privileges",
    "# listens on 8080",
    "# removed the old one",
    "#",
)


@pytest.mark.parametrize("comment", REASONS)
def test_a_reason_holds(comment: str) -> None:
    assert pin_reason(("# the web", comment)) == comment


@pytest.mark.parametrize("comment", NONE)
def test_what_gives_no_reason_does_not_hold(comment: str) -> None:
    assert pin_reason((comment,)) is None
