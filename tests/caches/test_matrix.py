"""What real registries and a real nginx do when a tag moves or the registry above fails, and what the doctor says.

The table is that of docs/guides/cache.md.
"""

from __future__ import annotations

import http.client
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hclmod.caches import nginx, nginx_checks
from hclmod.caches.nginx import Directive
from hclmod.caches.texts import whole
from tests.support import nginx as real
from tests.support import registry
from tests.support.nginx import needs_nginx
from tests.support.registry import free_port, needs_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.registry import Registry

pytestmark = [needs_nginx, needs_registry]

IMAGE = "library/web"
SPLIT = """
location ~ /v2/.*/blobs/ { proxy_pass http://%s; proxy_cache images; proxy_cache_valid 200 24h; }
location /v2/ { proxy_pass http://%s; proxy_cache off; }
"""
INHERITED = SPLIT.replace(" proxy_cache off;", "")
NO_TIME = "location /v2/ { proxy_pass http://%s; }\nlocation /other/ { proxy_pass http://%s; }"
UNBUFFERED = INHERITED.replace("location /v2/ {", "location /v2/ { proxy_buffering off;")
ANY_FIRST = INHERITED.replace("location /v2/ {", "location /v2/ { proxy_cache_valid any 0; proxy_cache_valid 200 1h;")
NOT_CACHED = INHERITED.replace("location /v2/ {", "location /v2/ { proxy_no_cache $tags; proxy_cache_bypass $tags;")
TIMED = "proxy_cache_valid 200 1h;\nproxy_cache images;"
SERVERS = {
    "split": ("proxy_cache_valid 200 1h;\nproxy_cache images;", SPLIT),
    "inherited": (TIMED, INHERITED),
    "without a time": ("proxy_cache images;", NO_TIME),
    "without buffering": (TIMED, UNBUFFERED),
    "a time of zero first": (TIMED, ANY_FIRST),
    "kept out by a map": (TIMED, NOT_CACHED),
}
HTTP = """
proxy_cache_path {folder}/cache keys_zone=images:1m;
map $request_uri $tags {{ ~/manifests/ 1; default 0; }}
{servers}
"""
SERVER = """
server {{
    listen 127.0.0.1:{port};
    proxy_cache_key {port}$request_uri;
    add_header X-Cache $upstream_cache_status;
    {given}
    {locations}
}}
"""


class Answer(NamedTuple):
    """What a registry says of the tag: the status, the digest, and whether nginx had it."""

    status: int
    digest: str | None
    cache: str | None


def ask(port: int | str) -> Answer:
    host = f"127.0.0.1:{port}" if isinstance(port, int) else port
    connection = http.client.HTTPConnection(host)
    connection.request("GET", f"/v2/{IMAGE}/manifests/latest", headers={"accept": registry.DOCKER})
    answer = connection.getresponse()
    answer.read()
    return Answer(answer.status, answer.headers["docker-content-digest"], answer.headers["x-cache"])


class Setup(NamedTuple):
    """A registry, two caches of it, and nginx before one of them: its ports by name, and its configuration."""

    upstream: Registry
    stop: ExitStack
    caches: dict[str, str]
    ports: dict[str, int]
    config: str


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[Setup]:
    with ExitStack() as stack, ExitStack() as above:
        for name in ("upstream", "ttl", "plain"):
            (tmp_path / name).mkdir()
        upstream = above.enter_context(registry.running(tmp_path / "upstream"))
        proxy = f"proxy:\n  remoteurl: http://{upstream.host}\n"
        caches = {
            "ttl": stack.enter_context(registry.running(tmp_path / "ttl", auth=f"{proxy}  ttl: 0\n")).host,
            "plain": stack.enter_context(registry.running(tmp_path / "plain", auth=proxy)).host,
        }
        ports = {name: free_port() for name in SERVERS}
        servers = "".join(
            SERVER.format(port=ports[name], given=given, locations=text.replace("%s", caches["plain"]))
            for name, (given, text) in SERVERS.items()
        )
        config = HTTP.format(folder=tmp_path, servers=servers)
        stack.enter_context(real.running(tmp_path / "nginx", config, ports["inherited"]))
        yield Setup(upstream, above, caches, ports, config)


def doctors(config: str) -> set[int]:
    """The ports of the servers of which the doctor says that they store manifests."""
    root = nginx.parse(whole("nginx.conf", config.encode()))
    assert isinstance(root, Directive)
    lines = {each.line for each in nginx_checks.check(root) if each.finding.code == "cached-manifest"}
    servers = [each for each in root.block or () if each.name == "server"]
    stored = [each for each in servers if lines & {inner.line for inner in each.below()}]
    return {int(each.all("listen")[0].args[0].rpartition(":")[2]) for each in stored}


def test_old_tags_are_given_where_the_doctor_says(setup: Setup) -> None:
    old = setup.upstream.push(IMAGE, "old", "latest")
    every: dict[str, int | str] = {**setup.caches, **setup.ports}
    for place in (*every.values(), *every.values()):
        assert ask(place).digest == old
    new = setup.upstream.push(IMAGE, "new", "latest")
    answers = {name: ask(place) for name, place in every.items()}
    assert {name for name, each in answers.items() if each.digest != new} == {"inherited"}
    assert answers["inherited"] == Answer(200, old, "HIT")
    assert doctors(setup.config) == {setup.ports["inherited"]}


def test_a_cache_gives_the_old_tag_while_its_registry_fails(setup: Setup) -> None:
    """Also with `ttl: 0`, and behind an nginx that stores no manifests: nothing in these files can change that."""
    old = setup.upstream.push(IMAGE, "old", "latest")
    every: dict[str, int | str] = {**setup.caches, **setup.ports}
    for place in every.values():
        assert ask(place).digest == old
    setup.upstream.push(IMAGE, "new", "latest")
    setup.stop.close()
    for name, place in every.items():
        assert ask(place)[:2] == (200, old), name
