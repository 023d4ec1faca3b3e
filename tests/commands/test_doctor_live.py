"""`hclmod doctor --live`: real registries and a real nginx on loopback."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import pytest

from hclmod.commands.doctor import asking
from hclmod.engine import doctor
from hclmod.engine.project import open_project
from tests.support import nginx, registry
from tests.support.demo import hclmod
from tests.support.nginx import needs_nginx
from tests.support.registry import free_port, needs_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.registry import Registry

pytestmark = [needs_nginx, needs_registry]
IMAGE = "library/web"
HTTP = """
proxy_cache_path {folder}/cache keys_zone=images:1m;
proxy_cache images;
proxy_cache_valid 200 1h;
proxy_cache_key $request_method$request_uri;
server {{
    listen 127.0.0.1:{port};
    add_header X-Cache $upstream_cache_status;
    location ~ /blobs/ {{ proxy_pass http://{host}; }}
    location /v2/ {{
        {off}
        proxy_pass http://{host};
    }}
}}
"""


class Setup(NamedTuple):
    """A registry, the addresses of two mirrors of it, and a repository that configures them."""

    upstream: Registry
    storing: str
    asking: str
    root: Path

    def doctor(self, mirror: str, *more: str) -> tuple[int, str]:
        image = f"{self.upstream.host}/{IMAGE}:latest"
        done = hclmod(self.root, "doctor", "--live", mirror, "--image", image, *more)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[Setup]:
    root = tmp_path / "root"
    (root / "cache").mkdir(parents=True)
    (root / ".git").mkdir()
    with ExitStack() as stack:
        (tmp_path / "upstream").mkdir()
        upstream = stack.enter_context(registry.running(tmp_path / "upstream"))
        ports = {"storing": free_port(), "asking": free_port()}
        for name, port in ports.items():
            off = "proxy_cache off;" if name == "asking" else ""
            text = HTTP.format(folder=tmp_path / name, port=port, host=upstream.host, off=off)
            stack.enter_context(nginx.running(tmp_path / name, text, port))
        healthy = HTTP.format(folder=tmp_path, port=ports["asking"], host="registry", off="proxy_cache off;")
        (root / "cache" / "mirror.conf").write_text(healthy)
        (root / "hclmod.toml").write_text(f'[registries."{upstream.host}"]\nplain_http = true\n')
        storing, asking = (f"http://127.0.0.1:{port}" for port in ports.values())
        yield Setup(upstream, storing, asking, root)


def test_a_mirror_that_stores_tags_is_seen(setup: Setup) -> None:
    setup.upstream.push(IMAGE, "old", "latest")
    code, text = setup.doctor(setup.storing)
    assert code == 1
    assert "x-cache: HIT" in text
    assert "doctor: stored answer" in text
    assert "old answer" not in text, "nothing has moved yet"
    setup.upstream.push(IMAGE, "new", "latest")
    code, text = setup.doctor(setup.storing)
    assert code == 1
    assert "doctor: old answer" in text
    assert "gives another digest than the registry" in text


def test_a_mirror_that_asks_each_time_is_healthy(setup: Setup) -> None:
    for content in ("old", "new"):
        setup.upstream.push(IMAGE, content, "latest")
        code, text = setup.doctor(setup.asking)
        assert code == 0, text
        assert "gives the digest of the registry" in text


def test_without_live_nothing_is_asked(setup: Setup) -> None:
    project = open_project(setup.root)
    ask = asking(project, (), "registry.invalid/a:b", lambda seen: pytest.fail(seen.mirror))
    assert list(ask(doctor.read(project))) == []


@pytest.mark.parametrize("mirror", ["10.0.20.10:5000", "ftp://a", "http://reader:secret@a", "http://"])
def test_what_is_no_address_is_an_error(setup: Setup, mirror: str) -> None:
    code, text = setup.doctor(mirror)
    assert code == 2
    assert "is not the address of a mirror" in text


def test_an_image_that_is_not_there_is_an_error(setup: Setup) -> None:
    code, text = setup.doctor(setup.asking)
    assert code == 2
    assert "the registry has no such image (404)" in text


def test_a_repository_without_caches_has_no_place_for_findings(setup: Setup) -> None:
    setup.upstream.push(IMAGE, "old", "latest")
    (setup.root / "cache" / "mirror.conf").unlink()
    code, text = setup.doctor(setup.storing)
    assert code == 2
    assert "nothing in this repository configures" in text
