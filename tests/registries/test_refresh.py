from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

from hclmod.config.policies import Registry
from hclmod.http import Patience
from hclmod.registries.questions import Wish
from hclmod.registries.refresh import Learnt, Settings, refresh
from tests.support.servers import in_turn, serving

if TYPE_CHECKING:
    from tests.support.servers import Reply, Seen

CHECKED = "2026-08-01T00:00:00Z"
TAGS = json.dumps({"tags": ["1.2.3"]}).encode()


def asked(host: str, wishes: list[Wish], *, requests: int = 4, watched: list[str] | None = None) -> Learnt:
    registries = {"registry.lan": Registry(host, plain_http=True, requests=requests)}
    patience = Patience(attempts=2, first_pause=0.01)
    settings = Settings(registries, {"DOCKER_CONFIG": "/nonexistent"}, CHECKED, patience)
    return refresh(wishes, settings, ([] if watched is None else watched).append)


def wishes(number: int) -> list[Wish]:
    return [Wish(f"registry.lan/awning-{index}", ("1.2.3",)) for index in range(number)]


@pytest.mark.parametrize("requests", [1, 3])
def test_a_registry_is_asked_no_more_at_once_than_it_may_be(requests: int) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def answering(seen: Seen) -> Reply:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        if "tags/list" in seen.path:
            return 200, {}, TAGS
        return 200, {"docker-content-digest": f"sha256:{'a' * 64}"}, b""

    watched: list[str] = []
    with serving(answering) as server:
        done = asked(server.host, wishes(12), requests=requests, watched=watched)
    assert (len(done.images), done.failed, done.interrupted) == (12, {}, False)
    assert most[0] <= requests
    assert sorted(watched) == sorted(done.images)


def test_no_registry_of_the_config_is_asked_in_plain_http_unless_it_says_so() -> None:
    with serving(in_turn((200, {}, TAGS))) as server:
        settings = Settings({server.host: Registry()}, {"DOCKER_CONFIG": "/nonexistent"}, CHECKED, Patience(attempts=1))
        done = refresh([Wish(f"{server.host}/awning", ("1.2.3",))], settings, lambda _name: None)
    assert list(done.failed) == [f"{server.host}/awning"]
    assert not server.seen


def test_a_bug_is_not_taken_for_a_failure_of_a_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hclmod.registries.questions.learn", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        asked("127.0.0.1:1", wishes(1))


def test_nothing_to_ask() -> None:
    assert asked("127.0.0.1:1", []) == Learnt({}, {})
