"""The order of nginx's locations, compared with the real nginx over configurations that hypothesis makes."""

from __future__ import annotations

import http.client
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hclmod.caches import locations, nginx, serving
from hclmod.caches.nginx import Directive
from hclmod.caches.texts import whole
from tests.support.nginx import needs_nginx, running
from tests.support.registry import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIXES = (
    "/",
    "/v2",
    "/v2/",
    "/v2/library/",
    "/v2/library/web/",
    "/v2/library/web/manifests/",
    "/V2/",
    "/v2/acme/web/blobs/",
)
REGEXES = (
    "^/v2/", "/manifests/", "/(blobs|tags)/", "^/v2/.+/manifests/[^/]+$", "latest$", "LIBRARY", "^/v2/[a-z]+/web/",
    r"\.x$", "sha256:", "^/v2/(?!acme)",
)  # fmt: skip
URIS = (
    "/", "/v2", "/v2/", "/v2/library/web/manifests/latest", "/v2/library/web/manifests/sha256:ab", "/V2/x",
    "/v2/library/web/blobs/sha256:ab", "/v2/acme/web/blobs/sha256:ab", "/v2/acme/web/manifests/latest",
    "/v2/x/tags/list",
    "/v2/library/", "/v2/library", "/a.x", "/v2/acme/tools/cli/manifests/latest",
)  # fmt: skip


class Location(NamedTuple):
    """One location with those in it."""

    modifier: str
    pattern: str
    inside: list[Location]


def levels(above: str = "", depth: int = 2, *, regex_only: bool = False) -> st.SearchStrategy[list[Location]]:
    """Locations of one level, each as modifier, pattern and the locations in it, as nginx allows them to be nested."""
    regexes = st.tuples(st.sampled_from(("~", "~*")), st.sampled_from(REGEXES))
    inside = [each for each in PREFIXES if each.startswith(above)]
    prefixes = st.tuples(st.sampled_from(("", "^~", "=")), st.sampled_from(inside or ["/"]))
    one = regexes if regex_only or not inside else st.one_of(regexes, prefixes)
    return st.lists(one.flatmap(lambda pair: nested(*pair, depth)), max_size=4, unique_by=identity)


def identity(location: Location) -> tuple[bool, str]:
    """What nginx allows once on a level: an exact location of a pattern, and a prefix."""
    modifier, pattern, _ = location
    return (modifier == "=", pattern) if modifier in ("", "^~", "=") else (False, f"{modifier} {pattern}")


def nested(modifier: str, pattern: str, depth: int) -> st.SearchStrategy[Location]:
    if modifier == "=" or not depth:
        return st.just(Location(modifier, pattern, []))
    regex = modifier.startswith("~")
    inner = levels("" if regex else pattern, depth - 1, regex_only=regex)
    return inner.map(lambda own: Location(modifier, pattern, own))


def written(level: Sequence[Location], path: str = "") -> str:
    """The locations as text; each answers with its own place in the tree."""
    lines = []
    for number, (modifier, pattern, inner) in enumerate(level):
        own = f"{path}.{number}"
        lines.append(f'location {modifier} "{pattern}" {{ return 200 "{own}"; {written(inner, own)} }}')
    return "\n".join(lines)


@needs_nginx
@settings(phases=(Phase.generate,))  # to start nginx for each smaller example would take minutes
@given(st.lists(levels(), min_size=20, max_size=20))
def test_the_real_nginx_chooses_the_same_location(servers: list[list[Location]]) -> None:
    port = free_port()
    text = "\n".join(
        f"server {{ listen 127.0.0.1:{port}; server_name s{number}.test; {written(each)} }}"
        for number, each in enumerate(servers)
    )
    root = nginx.parse(whole("nginx.conf", text.encode()))
    assert isinstance(root, Directive)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "nginx", text, port):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for number, server in enumerate(serving.servers(root)):
            for uri in URIS:
                connection.request("GET", uri, headers={"host": f"s{number}.test"})
                answer = connection.getresponse()
                body = answer.read().decode()
                chain = locations.find(server, uri)
                expected = chain[-1].all("return")[0].args[1] if chain else ""
                assert (body if answer.status == 200 else "") == expected, f"{uri} in {written(servers[number])}"


def test_a_modifier_may_touch_its_pattern() -> None:
    root = nginx.parse(whole("nginx.conf", b"server { location ~/v2/ { return 200; } location =/v2 { return 200; } }"))
    assert isinstance(root, Directive)
    (server,) = serving.servers(root)
    assert [locations.modifier(each) for each in server.all("location")] == ["~", "="]
    assert [locations.pattern(each) for each in server.all("location")] == ["/v2/", "/v2"]
