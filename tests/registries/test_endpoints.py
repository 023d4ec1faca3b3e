from __future__ import annotations

import pytest

from hclmod.config.policies import Registry
from hclmod.registries import auth, client


@pytest.mark.parametrize(
    ("name", "settings", "url"),
    [
        ("docker.io/library/caddy", {}, "https://registry-1.docker.io/v2/library/caddy/tags/list"),
        ("ghcr.io/a/b", {}, "https://ghcr.io/v2/a/b/tags/list"),
        ("registry.lan:5000/a", {}, "https://registry.lan:5000/v2/a/tags/list"),
        (
            "registry.lan:5000/a",
            {"registry.lan:5000": Registry(plain_http=True)},
            "http://registry.lan:5000/v2/a/tags/list",
        ),
        (
            "registry.lan:5000/a",
            {"registry.lan": Registry(plain_http=True)},
            "https://registry.lan:5000/v2/a/tags/list",
        ),
        ("docker.io/library/caddy", {"docker.io": Registry("hub.lan")}, "https://hub.lan/v2/library/caddy/tags/list"),
        (
            "docker.io/library/caddy",
            {"docker.io": Registry("hub.lan:80/cache/hub", plain_http=True)},
            "http://hub.lan:80/v2/cache/hub/library/caddy/tags/list",
        ),
    ],
)
def test_where_an_image_is_asked_for(name: str, settings: dict[str, Registry], url: str) -> None:
    registry, repository = client.split(name)
    assert client.endpoint(registry, settings).url(repository, "tags/list") == url


@pytest.mark.parametrize(
    ("header", "schemes"),
    [
        ("", {}),
        ("Negotiate", {}),
        ('Basic realm="a, b"', {"basic": {"realm": "a, b"}}),
        (
            'Bearer realm="https://t/token",service="s",scope="repository:a/b:pull,push"',
            {"bearer": {"realm": "https://t/token", "service": "s", "scope": "repository:a/b:pull,push"}},
        ),
        ('BASIC realm=x, bearer Realm = "q\\"uote"', {"basic": {"realm": "x"}, "bearer": {"realm": 'q"uote'}}),
    ],
)
def test_challenges_are_read(header: str, schemes: dict[str, dict[str, str]]) -> None:
    assert dict(auth.challenges(header)) == schemes
