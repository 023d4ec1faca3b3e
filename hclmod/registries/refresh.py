"""Query many registries at once, keep every result whatever happens, and name the failures."""

from __future__ import annotations

from queue import Empty, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING

from msgspec import Struct, field

from hclmod.errors import HclmodError
from hclmod.http import Patience, open_transport
from hclmod.registries import auth, client, questions
from hclmod.registries.client import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hclmod.config import policies
    from hclmod.http import Transport
    from hclmod.images.evidence import ImageTags
    from hclmod.registries.questions import Wish

THREADS = 16
"""How many images are queried at once. Each registry also has its own limit (`requests` in the config)."""


class Learnt(Struct, frozen=True):
    """The result of a refresh: the images that were queried, why others failed, and whether it was interrupted."""

    images: Mapping[str, ImageTags]
    failed: Mapping[str, str]
    interrupted: bool = False


class Settings(Struct, frozen=True):
    """How to query: the config's registries, the environment (`DOCKER_CONFIG`), the time to store."""

    registries: Mapping[str, policies.Registry]
    environment: Mapping[str, str]
    checked: str
    patience: Patience = field(default_factory=Patience)


def refresh(wishes: Sequence[Wish], settings: Settings, watch: Callable[[str], None]) -> Learnt:
    """Query every image; `watch` is called with each name when it is done.

    An interruption (Ctrl-C) ends it at once and keeps the results so far. The threads are not waited for: a slow
    request must not delay the exit, and no thread writes anything.
    """
    keychain = auth.load(settings.environment)
    stop = Event()
    with open_transport(plain_http=_plain(settings), patience=settings.patience, pause=stop.wait) as transport:
        todo, done = _start(wishes, _Registries(transport, keychain, settings), stop)
        images: dict[str, ImageTags] = {}
        failed: dict[str, str] = {}
        try:
            for _ in wishes:
                name, outcome = done.get()
                match outcome:
                    case HclmodError():
                        failed[name] = str(outcome)
                    case Exception():
                        raise outcome
                    case _:
                        images[name] = outcome
                watch(name)
        except KeyboardInterrupt:
            left = {each.name: "not queried: interrupted" for each in wishes if each.name not in {*images, *failed}}
            return Learnt(images, failed | left, interrupted=True)
        finally:
            stop.set()
            _empty(todo)
    return Learnt(images, failed)


class _Registries:
    """The registries of the images, each opened when it is first needed."""

    def __init__(self, transport: Transport, keychain: auth.Keychain, settings: Settings) -> None:
        self._transport, self._keychain, self._settings = transport, keychain, settings
        self._open: dict[str, Registry] = {}

    def open(self, wish: Wish) -> None:
        """Open the registry of an image; called by one thread only."""
        name, _ = client.split(wish.name)
        if name not in self._open:
            endpoint = client.endpoint(name, self._settings.registries)
            self._open[name] = Registry(self._transport, endpoint, self._keychain)

    def learn(self, wish: Wish) -> ImageTags:
        """Query one image."""
        name, repository = client.split(wish.name)
        return questions.learn(self._open[name], repository, wish, self._settings.checked)


def _start(
    wishes: Sequence[Wish], registries: _Registries, stop: Event
) -> tuple[Queue[Wish], Queue[tuple[str, ImageTags | Exception]]]:
    """Start all threads; their results come from the second queue."""
    todo: Queue[Wish] = Queue()
    done: Queue[tuple[str, ImageTags | Exception]] = Queue()
    for wish in wishes:
        registries.open(wish)
        todo.put(wish)

    def work() -> None:
        while not stop.is_set():
            try:
                wish = todo.get_nowait()
            except Empty:
                return
            try:
                done.put((wish.name, registries.learn(wish)))
            except Exception as error:  # noqa: BLE001 - reported or raised by the thread that waits
                done.put((wish.name, error))

    for _ in range(min(THREADS, len(wishes))):
        Thread(target=work, daemon=True).start()
    return todo, done


def _empty(todo: Queue[Wish]) -> None:
    while not todo.empty():
        todo.get_nowait()


def _plain(settings: Settings) -> frozenset[str]:
    """The hosts that may use plain HTTP: registries or their mirrors, and token services on the same host."""
    allowed = (name for name, each in settings.registries.items() if each.plain_http)
    return frozenset(client.endpoint(name, settings.registries).host for name in allowed)
