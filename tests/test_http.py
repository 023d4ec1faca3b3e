"""The transport against real HTTP servers on loopback."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from hclmod import http
from hclmod.errors import HclmodError
from hclmod.http import Patience, TransportError, Trouble, open_transport
from tests.support.servers import in_turn, serving

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.servers import Reply, Seen, Server


PATIENT = Patience(attempts=3, first_pause=1)
HASTY = replace(PATIENT, read=0.1, total=0.2)


def ask(
    server: Server,
    method: str = "GET",
    path: str = "/",
    *,
    paused: list[float] | None = None,
    plain: Sequence[str] | None = None,
    secret: dict[str, str] | None = None,
    limit: int = http.LIMIT,
    patience: Patience = PATIENT,
) -> http.Answer:
    paused = [] if paused is None else paused
    plain = [server.host] if plain is None else plain
    with open_transport(plain_http=plain, patience=patience, pause=paused.append) as opened:
        return opened.request(method, server.url + path, secret=secret, limit=limit)


def test_an_answer_comes_back_whatever_its_status() -> None:
    with serving(in_turn((404, {"X-Some": "Word"}, b"{}"))) as server:
        answer = ask(server)
    assert (answer.status, answer.headers["x-some"], answer.json()) == (404, "Word", {})
    assert server.seen[0].headers["user-agent"].startswith("hclmod/")


@pytest.mark.parametrize(
    ("method", "replies", "asked", "pauses"),
    [
        ("GET", [(500, {}, b""), (200, {}, b"")], 2, [1.0]),
        ("GET", [(503, {}, b"")], 3, [1.0, 2.0]),
        ("HEAD", [(429, {"retry-after": "7"}, b""), (200, {}, b"")], 2, [7.0]),
        ("GET", [(429, {"retry-after": "3600"}, b"")], 1, []),
        ("GET", [(429, {"retry-after": "soon"}, b""), (200, {}, b"")], 2, [1.0]),
        ("GET", [(403, {}, b"")], 1, []),
        ("POST", [(429, {}, b""), (200, {}, b"")], 2, [1.0]),
        ("POST", [(500, {}, b"")], 1, []),
        ("PATCH", [(502, {}, b"")], 1, []),
        ("GET", [None, (200, {}, b"")], 2, [1.0]),
    ],
)
def test_what_may_pass_is_asked_again(
    method: str, replies: list[Reply | None], asked: int, pauses: list[float]
) -> None:
    paused: list[float] = []
    with serving(in_turn(*replies)) as server:
        answer = ask(server, method, paused=paused)
    last = replies[-1]
    assert last is not None
    assert (answer.status, len(server.seen), paused) == (last[0], asked, pauses)


def test_a_date_says_how_long_to_wait() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    paused: list[float] = []
    with serving(in_turn((429, {"retry-after": until}, b""), (200, {}, b""))) as server:
        ask(server, paused=paused)
    assert 30 < paused[0] <= 40


def test_a_true_pause_interrupts() -> None:
    with (
        serving(in_turn((500, {}, b""))) as server,
        open_transport(plain_http=[server.host], pause=lambda _seconds: True) as opened,
        pytest.raises(TransportError, match="interrupted") as caught,
    ):
        opened.request("GET", server.url)
    assert caught.value.trouble is Trouble.STOPPED


def failing(server: Server, **options: object) -> TransportError:
    with pytest.raises(TransportError) as caught:
        ask(server, **options)  # type: ignore[arg-type]
    return caught.value


def test_a_silent_server_is_slow_and_not_waited_for_without_end() -> None:
    done = threading.Event()

    def sleep(_seen: Seen) -> Reply:
        done.wait()
        return 200, {}, b""

    with serving(sleep) as server:
        trouble = failing(server, patience=HASTY).trouble
        done.set()
    assert trouble is Trouble.SLOW


def test_a_connection_that_is_dropped_each_time_is_unreachable() -> None:
    with serving(in_turn(None)) as server:
        assert failing(server).trouble is Trouble.UNREACHABLE
        assert len(server.seen) == PATIENT.attempts


def test_a_port_without_a_server_is_unreachable() -> None:
    with serving(in_turn(None)) as server:
        pass
    assert failing(server).trouble is Trouble.UNREACHABLE


def test_an_answer_has_a_limit() -> None:
    with serving(in_turn((200, {}, b"x" * 2000))) as server:
        assert failing(server, limit=1000).trouble is Trouble.TOO_LARGE
        assert ask(server, limit=2000).body == b"x" * 2000


def test_garbage_has_its_name() -> None:
    with serving(in_turn((200, {"content-encoding": "gzip"}, b"no gzip"))) as server:
        assert failing(server).trouble is Trouble.GARBAGE
    with serving(in_turn((200, {}, b"<html>"))) as server, pytest.raises(TransportError, match="not JSON"):
        ask(server).json()


def test_plain_http_only_where_it_was_allowed() -> None:
    with serving(in_turn((200, {}, b""))) as server:
        assert failing(server, plain=()).trouble is Trouble.PLAIN
        assert not server.seen
        assert ask(server, plain=["127.0.0.1"]).status == 200


def test_secrets_do_not_follow_to_another_origin() -> None:
    secret = {"authorization": "Bearer s3cret", "private-token": "s3cret"}
    with serving(in_turn((200, {}, b"there"))) as other:
        moved = (307, {"location": f"{other.url}/blob"}, b"")
        with serving(lambda seen: moved if seen.path == "/" else (200, {}, b"here")) as server:
            assert ask(server, secret=secret, plain=[server.host, other.host]).body == b"there"
        assert server.seen[0].headers["private-token"] == "s3cret"
        assert not secret.keys() & other.seen[0].headers.keys()


def test_a_redirect_to_plain_http_is_refused_like_any_other() -> None:
    with serving(in_turn((302, {"location": "http://127.0.0.2:1/"}, b""))) as server:
        assert failing(server).trouble is Trouble.PLAIN
    with serving(in_turn((302, {"location": "file:///etc/passwd"}, b""))) as server:
        assert failing(server).trouble is Trouble.REDIRECT


def test_redirects_have_an_end_and_what_writes_follows_none() -> None:
    with serving(in_turn((302, {"location": "/again"}, b""))) as server:
        assert failing(server).trouble is Trouble.REDIRECT
        assert ask(server, "POST").status == 302


@pytest.mark.parametrize("end", ["\n", "\u00e9", "\u2019", "\udc80"])
def test_a_header_that_cannot_be_sent_is_not_printed(end: str) -> None:
    with serving(in_turn((200, {}, b""))) as server:
        error = failing(server, secret={"authorization": f"Bearer s3cret{end}"})
    assert error.trouble is Trouble.GARBAGE
    assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ('</v2/a/tags/list?n=2&last=b>; rel="next"', "http://h:1/v2/a/tags/list?n=2&last=b"),
        ('<http://h:1/2>; rel="prev", <http://H:1/3>; rel="last next"', "http://H:1/3"),
        ("<http://h:1/3>; title=x; rel=next", "http://h:1/3"),
        ('<http://h:1/3>; rel="nextish"', None),
        ("", None),
    ],
)
def test_the_next_page(link: str, page: str | None) -> None:
    assert http.Answer(status=200, headers={"link": link}, body=b"", url="http://h:1/v2/").next_page() == page


@pytest.mark.parametrize("link", ["<http://evil/>", "<https://h:1/>", "<http://h:2/>", "<//evil/>"])
def test_a_next_page_elsewhere_is_refused(link: str) -> None:
    answer = http.Answer(status=200, headers={"link": f'{link}; rel="next"'}, body=b"", url="http://h:1/v2/")
    with pytest.raises(TransportError) as caught:
        answer.next_page()
    assert caught.value.trouble is Trouble.FOREIGN


def test_a_redirect_does_not_make_another_host_ours() -> None:
    pages = (200, {"link": '</more>; rel="next"'}, b"")
    with serving(in_turn(pages)) as other, serving(in_turn((307, {"location": f"{other.url}/list"}, b""))) as server:
        answer = ask(server, plain=[server.host, other.host])
    with pytest.raises(TransportError) as caught:
        answer.next_page()
    assert caught.value.trouble is Trouble.FOREIGN


def test_messages_hold_no_query_and_no_user() -> None:
    assert http.shown("https://me:pw@h/p?sig=s3cret#f") == "https://h/p"


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn((200, {}, b"through"))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with open_transport(plain_http=["registry.invalid"]) as opened:
            assert opened.request("GET", "http://registry.invalid/v2/").body == b"through"
        assert proxy.seen[0].path == "http://registry.invalid/v2/"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with serving(in_turn((200, {}, b"here"))) as server, serving(in_turn((200, {}, b"through"))) as proxy:
        monkeypatch.setenv(name, proxy.url)
        assert ask(server, secret={"authorization": "t"}).body == b"here"
        assert not proxy.seen, "the secret would leave this machine unencrypted"


@pytest.mark.parametrize(
    "proxy", ["foo://me:s3cret@h", "http://[::1", "socks9://me:s3cret@h:1", "http://me:s3cret@h:x"]
)
def test_a_proxy_that_is_none_is_said_without_its_login(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(HclmodError, match="names a proxy that cannot be used") as caught, open_transport():
        pass
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_certificates_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None) -> None:
    if text:
        (tmp_path / "ca.pem").write_text(text)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(HclmodError, match="SSL_CERT_FILE"), open_transport():
        pass


def test_netrc_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("default login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(in_turn((200, {}, b""))) as server:
        ask(server)
    assert "authorization" not in server.seen[0].headers
