"""The proof of the doctor's edits: one directive, or one unit, and nothing else."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hclmod.caches import fixes, repository
from hclmod.caches.codes import Placed
from hclmod.caches.diagnosis import diagnose
from hclmod.caches.texts import whole
from hclmod.proof.verdict import AsDeclared, Broken, Unverifiable

NGINX = b"""proxy_cache a;
proxy_cache_valid 200 1h;
server {
    location ~ /blobs/ { proxy_pass http://registry; }
    location /v2/ {
        proxy_pass http://registry;
    }
}
"""
GOOD = NGINX.replace(b"location /v2/ {\n", b"location /v2/ {\n        proxy_cache off;\n")
CONFIG = b"""version: 0.1
storage: {delete: {enabled: true}}
proxy:
  remoteurl: https://quay.io
  ttl: 168
"""


def made(path: str, data: bytes) -> list[Placed]:
    """The findings of a file that have an edit."""
    every = diagnose(repository.read([path], {path: data}.get), unit="h")
    offered = fixes.offered(path, every, data, filled=False)
    return [each for each in offered if each.finding.fix is not None]


def judged(path: str, before: bytes, after: bytes) -> object:
    return fixes.judged(whole(path, before), whole(path, after), made(path, before))


def test_one_directive_is_proven() -> None:
    assert isinstance(judged("nginx.conf", NGINX, GOOD), AsDeclared)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"        proxy_cache off;\n", b""),
        (b"proxy_cache off;", b"proxy_cache b;"),
        (b"proxy_cache off;", b"proxy_cache off; proxy_cache off;"),
        (b"200 1h", b"200 2h"),
        (b"~ /blobs/", b"~* /blobs/"),
        (b"~ /blobs/ {", b"~ /blobs/ { proxy_cache off;"),
        (b"server {\n", b"server {\n    listen 80;\n"),
    ],
)
def test_anything_else_is_not(old: bytes, new: bytes) -> None:
    after = GOOD.replace(old, new)
    assert after != GOOD
    assert isinstance(judged("nginx.conf", NGINX, after), Broken)


def test_what_nginx_would_refuse_proves_nothing() -> None:
    assert isinstance(judged("nginx.conf", NGINX, GOOD[:-3]), Unverifiable)


def test_the_unit_is_proven() -> None:
    assert isinstance(judged("config.yml", CONFIG, CONFIG.replace(b"168", b"168h")), AsDeclared)


@pytest.mark.parametrize(
    "after", [CONFIG, CONFIG.replace(b"168", b"169h"), CONFIG.replace(b"168", b"168h").replace(b"0.1", b"0.2")]
)
def test_another_value_is_not(after: bytes) -> None:
    assert isinstance(judged("config.yml", CONFIG, after), Broken)


def test_text_that_is_not_yaml_proves_nothing() -> None:
    assert isinstance(judged("config.yml", CONFIG, CONFIG + b"  ["), Unverifiable)


ODD = NGINX.replace(b"location /v2/ {\n", b"location /v2/ # {\n    {\n")


def test_the_brace_is_that_of_the_location() -> None:
    data = b"server { listen 80; location /v2/ {\n        proxy_pass http://registry;\n    }\n}\n"
    data = b"proxy_cache a;\nproxy_cache_valid 200 1h;\n" + data
    each, _ = made("nginx.conf", data.replace(b"}\n}", b"}\n    location ~ /blobs/ { proxy_pass http://registry; }\n}"))
    assert each.finding.fix is not None
    (edit,) = each.finding.fix.edits
    assert data[: edit.span.start].endswith(b"location /v2/ {")


def test_what_one_edit_breaks_is_left_and_the_others_are_offered() -> None:
    broken = replace(made("nginx.conf", NGINX)[0], line=2)
    fine = diagnose(repository.read(["nginx.conf"], {"nginx.conf": NGINX}.get))
    result = fixes.offered("nginx.conf", [broken, *fine], NGINX, filled=False)
    assert [(each.line, each.finding.fix is not None) for each in result if each.finding.code == "cached-manifest"] == [
        (2, False),
        (5, True),
    ]


def test_a_brace_behind_a_comment_gets_no_edit() -> None:
    assert not made("nginx.conf", ODD)


def test_a_unit_that_an_anchor_shares_is_not_offered() -> None:
    shared = CONFIG.replace(b"proxy:\n", b"x: &a\n  ttl: 168\nproxy:\n  <<: *a\n").replace(
        b"quay.io\n  ttl: 168", b"quay.io"
    )
    assert diagnose(repository.read(["config.yml"], {"config.yml": shared}.get), unit="h")
    assert not made("config.yml", shared)
