"""The client against a real registry, and against small servers for what a real one does not do on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from hclmod.config.policies import Registry as Chosen
from hclmod.http import Patience, TransportError, Trouble, open_transport
from hclmod.registries import client as endpoints
from hclmod.registries.auth import load
from hclmod.registries.client import Registry
from hclmod.registries.errors import Refusal, RegistryError
from tests.support import registry as real
from tests.support.registry import needs_registry
from tests.support.servers import in_turn, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.servers import Answering, Reply, Seen

REPOSITORY = "lanternworks/awning"
NOBODY = {"DOCKER_CONFIG": "/nonexistent"}
PATIENT = Patience(attempts=2, first_pause=0.01)
HASTY = replace(PATIENT, read=0.1, total=0.2)


@contextmanager
def client(
    host: str,
    *plain: str,
    environment: Mapping[str, str] = NOBODY,
    prefix: str = "",
    patience: Patience = PATIENT,
) -> Iterator[Registry]:
    """A client of a registry on loopback; `plain` are other hosts that may be asked without TLS."""
    chosen = {"registry.lan": Chosen(f"{host}/{prefix}".rstrip("/"), plain_http=True)}
    with open_transport(plain_http=(host, *plain), patience=patience) as transport:
        yield Registry(transport, endpoints.endpoint("registry.lan", chosen), load(environment))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Registry]:
    with real.running(tmp_path_factory.mktemp("registry")) as started:
        yield started


@needs_registry
def test_tags_of_a_real_registry(running: real.Registry) -> None:
    running.push("many/tags", "one", "1.2.3", "latest", "1", "sha256-" + "a1" * 32 + ".sig")
    running.push("many/tags", "two", "1.2.4")
    with client(running.host) as asked:
        assert asked.tags("many/tags") == ("1", "1.2.3", "1.2.4", "latest")


@needs_registry
def test_digests_of_a_real_registry(running: real.Registry) -> None:
    one = running.push("some/digests", "one", "1.2.3", "latest")
    two = running.push("some/digests", "two", "1.2.2")
    with client(running.host) as asked:
        found = [asked.digest("some/digests", tag) for tag in ("1.2.3", "latest", "1.2.2", "9")]
    assert found == [one, one, two, None]
    assert one != two


@needs_registry
@pytest.mark.parametrize("kind", [real.DOCKER_LIST, real.OCI_INDEX])
def test_an_index_of_a_real_registry(running: real.Registry, kind: str) -> None:
    arm = running.push("two/platforms", "arm", created="2024-01-01T00:00:00Z")
    amd = running.push("two/platforms", "amd", created="2025-02-03T04:05:06.123456789Z")
    listed = [("unknown/unknown", arm), ("linux/arm64", arm), ("linux/amd64", amd)]
    whole = running.push_index("two/platforms", listed, "latest", kind=kind)
    with client(running.host) as asked:
        digest = asked.digest("two/platforms", "latest")
        assert digest == whole
        assert digest not in (arm, amd)
        assert asked.created("two/platforms", whole) == "2025-02-03T04:05:06.123456789Z"
        assert asked.created("two/platforms", arm) == "2024-01-01T00:00:00Z"


@needs_registry
def test_an_image_without_a_date(running: real.Registry) -> None:
    digest = running.push("no/date", "one", "1", created=None)
    with client(running.host) as asked:
        assert asked.created("no/date", digest) is None


@needs_registry
def test_an_image_that_a_real_registry_lacks(running: real.Registry) -> None:
    with client(running.host) as asked, pytest.raises(RegistryError) as caught:
        asked.tags("not/there")
    assert caught.value.outcome is Refusal.MISSING
    assert "the registry has no such image (404)" in str(caught.value)


@needs_registry
def test_a_mirror_is_asked_in_place_of_the_registry(running: real.Registry) -> None:
    running.push("cache/hub/library/caddy", "one", "2.8.4")
    with client(running.host, prefix="cache/hub") as asked:
        assert asked.tags("library/caddy") == ("2.8.4",)


@needs_registry
def test_basic_authentication_of_a_real_registry(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "htpasswd").write_text(real.HTPASSWD)
    with real.running(tmp_path / "open", storage=tmp_path / "store") as filled:
        filled.push(REPOSITORY, "one", "1.2.3")
    auth = f"auth:\n  htpasswd: {{realm: test, path: {tmp_path / 'htpasswd'}}}\n"
    with real.running(tmp_path / "closed", storage=tmp_path / "store", auth=auth) as closed:
        with client(closed.host, environment=real.docker_config(tmp_path / "docker", closed.host)) as asked:
            assert asked.tags(REPOSITORY) == ("1.2.3",)
            assert asked.digest(REPOSITORY, "1.2.3")
        wrong = real.docker_config(tmp_path / "docker", closed.host, password="wrong")  # noqa: S106
        for environment in (NOBODY, wrong):
            with client(closed.host, environment=environment) as asked, pytest.raises(RegistryError) as caught:
                asked.tags(REPOSITORY)
            assert caught.value.outcome is Refusal.LOGIN
            assert "docker login" in str(caught.value)
            assert real.PASSWORD not in str(caught.value)


class Tokens:
    """A token service for a real registry: it signs what it is asked for, if the password is right."""

    def __init__(self, folder: Path, *, seconds: int = 60) -> None:
        self.folder, self.seconds, self.host = folder, seconds, ""
        self.asked: list[Seen] = []
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tokens", "-days", "2",
                "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"),
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip

    def answer(self, seen: Seen) -> Reply:
        self.asked.append(seen)
        told = seen.body.decode() if seen.method == "POST" else urlsplit(seen.path).query
        query = {name: values[0] for name, values in parse_qs(told).items()}
        wanted = base64.b64encode(f"{real.USER}:{real.PASSWORD}".encode()).decode()
        if seen.headers.get("authorization") != f"Basic {wanted}" and query.get("refresh_token") != "identity":
            return 401, {}, b"{}"
        kind, name, actions = query["scope"].split(":")
        access = [{"type": kind, "name": name, "actions": actions.split(",")}]
        return 200, {}, json.dumps({"token": self._signed(query["service"], access)}).encode()

    def _signed(self, service: str, access: object) -> str:
        now = int(time.time())
        certificate = "".join((self.folder / "cert.pem").read_text().splitlines()[1:-1])
        claims = {"iss": "tokens", "sub": real.USER, "aud": service, "access": access, "jti": "1"}
        claims |= {"iat": now, "nbf": now - 10, "exp": now + self.seconds}
        parts = [{"typ": "JWT", "alg": "RS256", "x5c": [certificate]}, claims]
        text = b".".join(_url64(json.dumps(part).encode()) for part in parts)
        done = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.folder / "key.pem")],
            input=text,
            check=True,
            capture_output=True,
        )
        return f"{text.decode()}.{_url64(done.stdout).decode()}"

    def section(self) -> str:
        """What the registry's configuration says of this service."""
        settings = f"realm: 'http://{self.host}/token?a=b', service: awnings, issuer: tokens"
        return f"auth:\n  token: {{{settings}, rootcertbundle: {self.folder / 'cert.pem'}}}\n"


def _url64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[real.Registry, Tokens]]:
    """A real registry that wants tokens of a service on another host."""
    if shutil.which("openssl") is None:
        pytest.skip("NO `openssl` ON THE PATH: nobody signed tokens for the registry")
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    tokens = Tokens(tmp_path)
    with ExitStack() as stack:
        with real.running(tmp_path / "open", storage=tmp_path / "store") as filled:
            filled.push(REPOSITORY, "one", "1.2.3")
        tokens.host = stack.enter_context(serving(tokens.answer)).host
        closed = stack.enter_context(
            real.running(tmp_path / "closed", storage=tmp_path / "store", auth=tokens.section())
        )
        yield closed, tokens


@needs_registry
def test_the_token_dance_of_a_real_registry(guarded: tuple[real.Registry, Tokens], tmp_path: Path) -> None:
    closed, tokens = guarded
    environment = real.docker_config(tmp_path / "docker", closed.host)
    with client(closed.host, tokens.host, environment=environment) as asked:
        assert asked.tags(REPOSITORY) == ("1.2.3",)
        assert asked.digest(REPOSITORY, "1.2.3")
    assert len(tokens.asked) == 1, "the token is kept"
    query = parse_qs(urlsplit(tokens.asked[0].path).query)
    assert query == {"a": ["b"], "service": ["awnings"], "scope": [f"repository:{REPOSITORY}:pull"]}


@needs_registry
def test_an_identity_token_is_traded(guarded: tuple[real.Registry, Tokens], tmp_path: Path) -> None:
    closed, tokens = guarded
    (tmp_path / "config.json").write_text(json.dumps({"auths": {closed.host: {"identitytoken": "identity"}}}))
    with client(closed.host, tokens.host, environment={"DOCKER_CONFIG": str(tmp_path)}) as asked:
        assert asked.tags(REPOSITORY) == ("1.2.3",)
    assert tokens.asked[0].method == "POST"


@needs_registry
def test_no_password_goes_to_a_token_service_in_plain_http(
    guarded: tuple[real.Registry, Tokens], tmp_path: Path
) -> None:
    closed, tokens = guarded
    environment = real.docker_config(tmp_path / "docker", closed.host)
    with client(closed.host, environment=environment) as asked, pytest.raises(TransportError) as caught:
        asked.tags(REPOSITORY)
    assert caught.value.trouble is Trouble.PLAIN
    assert not tokens.asked


@needs_registry
def test_a_token_service_that_refuses(guarded: tuple[real.Registry, Tokens]) -> None:
    closed, tokens = guarded
    with client(closed.host, tokens.host) as asked, pytest.raises(RegistryError) as caught:
        asked.tags(REPOSITORY)
    assert caught.value.outcome is Refusal.LOGIN


def test_a_token_that_has_run_out_is_asked_for_again() -> None:
    given = [f"token{number}" for number in range(9)]

    def answering(seen: Seen) -> Reply:
        if seen.path.startswith("/token"):
            return 200, {}, json.dumps({"access_token": given.pop(0)}).encode()
        if seen.headers.get("authorization") in {"Bearer token0", "Bearer token2"}:
            given.pop(0)
            return 200, {"docker-content-digest": f"sha256:{'a' * 64}"}, b""
        challenge = f'Bearer realm="http://{seen.headers["host"]}/token"'
        return 401, {"www-authenticate": challenge}, b""

    with serving(answering) as server, client(server.host) as asked:
        assert asked.digest(REPOSITORY, "1")
        assert asked.digest(REPOSITORY, "2")


def pages(total: int, size: int) -> Answering:
    """A registry that does pages, which the real one does not."""
    names = [f"1.{number // 100}.{number % 100}" for number in range(total)]

    def answering(seen: Seen) -> Reply:
        last = parse_qs(urlsplit(seen.path).query).get("last", [""])[0]
        start = names.index(last) + 1 if last else 0
        shown = names[start : start + size]
        more = start + size < total
        link = {"link": f'</v2/{REPOSITORY}/tags/list?n={size}&last={shown[-1]}>; rel="next"'} if more else {}
        return 200, link, json.dumps({"name": REPOSITORY, "tags": shown}).encode()

    return answering


def test_all_pages_are_read() -> None:
    with serving(pages(1500, 100)) as server, client(server.host) as asked:
        assert len(asked.tags(REPOSITORY)) == 1500
        assert len(server.seen) == 15


def _listing(**told: object) -> Reply:
    return 200, {}, json.dumps({"name": REPOSITORY, **told}).encode()


def test_a_repository_without_tags() -> None:
    with serving(in_turn(_listing(tags=None))) as server, client(server.host) as asked:
        assert asked.tags(REPOSITORY) == ()


BAD: dict[str, tuple[Reply | None, Refusal | Trouble]] = {
    "401": ((401, {}, b""), Refusal.LOGIN),
    "401 for a scheme that nobody knows": ((401, {"www-authenticate": "Negotiate"}, b""), Refusal.LOGIN),
    "401 that names no service": ((401, {"www-authenticate": 'Bearer realm="x"'}, b""), Trouble.GARBAGE),
    "403": ((403, {}, b""), Refusal.FORBIDDEN),
    "404": ((404, {}, b""), Refusal.MISSING),
    "429": ((429, {"retry-after": "86400"}, b""), Refusal.BUSY),
    "429 again and again": ((429, {"retry-after": "0"}, b""), Refusal.BUSY),
    "500": ((500, {}, b""), Refusal.BROKEN),
    "418": ((418, {}, b""), Refusal.ODD),
    "garbage": ((200, {}, b"<html>"), Trouble.GARBAGE),
    "JSON of another shape": ((200, {}, b"[]"), Trouble.GARBAGE),
    "tags that are none": (_listing(tags="latest"), Trouble.GARBAGE),
    "nothing": (None, Trouble.UNREACHABLE),
    "a next page elsewhere": (
        (200, {"link": '<https://elsewhere.example/v2/>; rel="next"'}, b'{"tags": ["1"]}'),
        Trouble.FOREIGN,
    ),
    "pages in a circle": (
        (200, {"link": f'</v2/{REPOSITORY}/tags/list?n=1000>; rel="next"'}, b'{"tags": ["1"]}'),
        Trouble.GARBAGE,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_goes_wrong_has_a_name(name: str) -> None:
    reply, outcome = BAD[name]
    with (
        serving(in_turn(reply)) as server,
        client(server.host) as asked,
        pytest.raises((RegistryError, TransportError)) as caught,
    ):
        asked.tags(REPOSITORY)
    assert outcome in (getattr(caught.value, "outcome", None), getattr(caught.value, "trouble", None))


def test_a_slow_registry_is_named_so() -> None:
    done = threading.Event()

    def slowly(_seen: Seen) -> Reply:
        done.wait()
        return _listing(tags=[])

    with serving(slowly) as server, client(server.host, patience=HASTY) as asked:
        with pytest.raises(TransportError) as caught:
            asked.tags(REPOSITORY)
        done.set()
    assert caught.value.trouble is Trouble.SLOW


def test_a_registry_that_wants_peace_is_left_in_peace() -> None:
    with serving(in_turn((429, {"retry-after": "86400"}, b""))) as server, client(server.host) as asked:
        for repository in ("a/a", "b/b"):
            with pytest.raises(RegistryError, match="Retry after 86400"):
                asked.tags(repository)
        assert len(server.seen) == 1


def test_a_registry_that_cannot_be_reached_is_not_tried_for_each_image() -> None:
    with serving(in_turn(None)) as server, client(server.host) as asked:
        for repository in ("a/a", "b/b"):
            with pytest.raises(TransportError) as caught:
                asked.tags(repository)
            assert caught.value.trouble is Trouble.UNREACHABLE
        assert len(server.seen) == PATIENT.attempts


def test_a_registry_without_digests_in_its_headers() -> None:
    body = b'{"schemaVersion": 2}'
    with serving(in_turn((200, {}, body))) as server, client(server.host) as asked:
        assert asked.digest(REPOSITORY, "1") == f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert [seen.method for seen in server.seen] == ["HEAD", "GET"]


def test_a_digest_that_is_none_and_bytes_that_are_not_its_own() -> None:
    with serving(in_turn((200, {"docker-content-digest": "md5:1"}, b"{}"))) as server, client(server.host) as asked:
        with pytest.raises(TransportError, match="invalid digest"):
            asked.digest(REPOSITORY, "1")
        with pytest.raises(TransportError, match="does not match the digest"):
            asked.created(REPOSITORY, f"sha256:{'0' * 64}")


@pytest.mark.parametrize(
    "document",
    [{}, {"config": []}, {"config": {"digest": "x"}}, {"manifests": []}, {"manifests": [{"digest": 1}, "x"]}],
)
def test_manifests_that_lead_to_no_date(document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    with serving(in_turn((200, {}, body))) as server, client(server.host) as asked:
        assert asked.created(REPOSITORY, f"sha256:{hashlib.sha256(body).hexdigest()}") is None


def test_a_blob_that_lies_elsewhere_gets_no_credentials(tmp_path: Path) -> None:
    config = json.dumps({"created": "2025-01-01T00:00:00Z"}).encode()
    blob = f"sha256:{hashlib.sha256(config).hexdigest()}"
    manifest = json.dumps({"config": {"digest": blob}}).encode()

    def answering(seen: Seen) -> Reply:
        if "authorization" not in seen.headers:
            return 401, {"www-authenticate": 'Basic realm="x"'}, b""
        moved = (307, {"location": f"{store.url}/blob?signature=x"}, b"")
        return moved if "blobs" in seen.path else (200, {}, manifest)

    with serving(in_turn((200, {}, config))) as store, serving(answering) as server:
        environment = real.docker_config(tmp_path, server.host)
        with client(server.host, store.host, environment=environment) as asked:
            created = asked.created(REPOSITORY, f"sha256:{hashlib.sha256(manifest).hexdigest()}")
        assert created == "2025-01-01T00:00:00Z"
        assert "authorization" not in store.seen[0].headers


@pytest.mark.parametrize(
    ("name", "settings", "url"),
    [
        ("docker.io/library/caddy", {}, "https://registry-1.docker.io/v2/library/caddy/tags/list"),
        ("ghcr.io/a/b", {}, "https://ghcr.io/v2/a/b/tags/list"),
        ("registry.lan:5000/a", {}, "https://registry.lan:5000/v2/a/tags/list"),
        (
            "registry.lan:5000/a",
            {"registry.lan:5000": Chosen(plain_http=True)},
            "http://registry.lan:5000/v2/a/tags/list",
        ),
        (
            "registry.lan:5000/a",
            {"registry.lan": Chosen(plain_http=True)},
            "https://registry.lan:5000/v2/a/tags/list",
        ),
        ("docker.io/library/caddy", {"docker.io": Chosen("hub.lan")}, "https://hub.lan/v2/library/caddy/tags/list"),
        (
            "docker.io/library/caddy",
            {"docker.io": Chosen("hub.lan:80/cache/hub", plain_http=True)},
            "http://hub.lan:80/v2/cache/hub/library/caddy/tags/list",
        ),
    ],
)
def test_where_an_image_is_asked_for(name: str, settings: dict[str, Chosen], url: str) -> None:
    registry, repository = endpoints.split(name)
    assert endpoints.endpoint(registry, settings).url(repository, "tags/list") == url
