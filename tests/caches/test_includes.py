"""Which files that are not in the repository leave a hole in the configuration of nginx."""

from __future__ import annotations

import pytest

from hclmod.caches.nginx import Directive, joined

LONG = "ssl" * 1_000_000


@pytest.mark.parametrize(
    ("path", "is_hole"),
    [
        ("mime.types", False),
        ("/etc/nginx/mime.types", False),
        ("fastcgi_params", False),
        ("/etc/nginx/uwsgi_params", False),
        ("modules-enabled/*.conf", False),
        ("/etc/nginx/modules-enabled/50-stream.conf", False),
        ("snippets/ssl-params.conf", False),
        (LONG, False),
        (f"{LONG}.conf", False),
        (f"{LONG}.inc", True),
        ("conf.d/*.conf", True),
        ("/etc/nginx/proxy.conf", True),
        ("mime.types.conf", True),
        ("params", True),
        ("ssl/proxy.conf", True),
    ],
)
def test_includes_that_are_not_there(path: str, is_hole: bool) -> None:  # noqa: FBT001 - a case
    include = Directive("include", (path,), "nginx.conf", 1)
    root = Directive("", (), "nginx.conf", 1, (include,))
    assert joined(root, {}, set()).block == ((include,) if is_hole else ())
