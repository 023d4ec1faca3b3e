"""Outcomes that an earlier run has found for the same stack: the same documents, and the same that rules may know.

`Run.within` gives a stack's rules nothing but what the key is made of, so that nothing else can change an outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from hclmod import cache
from hclmod.engine.job import Job
from hclmod.engine.outcomes import Failed, StackReport
from hclmod.rulekit.folders import builtin_folder
from hclmod.rulekit.loading import Loaded
from hclmod.rulekit.places import Placing
from hclmod.terraform.stacks import Assignment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.cache import Cache
    from hclmod.engine.run import Run
    from hclmod.hcl.document import Document
    from hclmod.rulekit.facts import Facts, Namespace
    from hclmod.terraform.stacks import Stack

_OWN = ("job", "stacks", "placing", "facts", "blocked", "unread")
"""What `Run.within` makes for each stack. All else is of the whole run."""


class Outcomes:
    """The outcomes of one run that are kept; none where rules of a person's own run, which may read anything."""

    def __init__(self, run: Run, kept: Cache) -> None:
        own = any(each.path is not None for each in run.rules)
        self._kept, self._whole = cache.NONE if own else kept, run
        self._namespaces: dict[int, bytes] = {}
        self._run: bytes | None = None
        if self._kept.folder:
            fields = [_plain(getattr(run, name)) for name in run.__struct_fields__ if name not in _OWN]
            with suppress(*cache.NO_BYTES):
                self._run = cache.key("run", cache.code(builtin_folder()), msgspec.msgpack.encode(fields))

    def key(self, stack: Stack, documents: Sequence[Document], names: Sequence[str]) -> bytes | None:
        """What the outcomes of a stack depend on: the run as it sees it, its documents, and the namespaces' names.

        None where that cannot be said, and so nothing is kept.
        """
        if not self._run:
            return None
        try:
            return self._key(self._run, stack, documents, names)
        except cache.NO_BYTES:
            return None

    def _key(self, run: bytes, stack: Stack, documents: Sequence[Document], names: Sequence[str]) -> bytes:
        part = self._whole.within(stack)
        own = [_plain(getattr(part, name)) for name in _OWN if name != "facts"]
        facts = [(block, self._facts(each)) for block, each in part.facts.items()]
        texts = [text for each in documents for text in (each.path, each.data)]
        return cache.key("outcomes", run, msgspec.msgpack.encode([stack, own, facts, names]), *texts)

    def _facts(self, facts: Facts) -> tuple[Facts, list[bytes]]:
        """Facts without what is the same for all workloads of a namespace, and the digests of that."""
        return replace(facts, namespaces=()), [self._namespace(each) for each in facts.namespaces]

    def _namespace(self, namespace: Namespace) -> bytes:
        known = self._namespaces.get(id(namespace))
        if known is None:
            known = self._namespaces[id(namespace)] = cache.key("namespace", msgspec.msgpack.encode(namespace))
        return known

    def get(self, key: bytes | None) -> StackReport | None:
        """The outcomes under a key."""
        return self._kept.get(StackReport, key) if key else None

    def put(self, report: StackReport, key: bytes | None) -> None:
        """Keep outcomes, except where something failed or took too long: another attempt may not."""
        if key and not report.hurried and not any(isinstance(each, Failed) for each in report.outcomes):
            self._kept.put(report, key, report.stack.files)


def _plain(value: Any) -> Any:
    """A part of a run as lists, whose order is the same in each process."""
    match value:
        case Placing() | Job() | Assignment():
            return [_plain(getattr(value, name)) for name in value.__struct_fields__]
        case Mapping():
            return [(key, _plain(each)) for key, each in value.items()]
        case frozenset():
            return sorted(value)
        case Loaded():
            return value.id, value.rule.kinds, sorted(value.options.items())
        case tuple() if any(isinstance(each, Loaded) for each in value):
            return [_plain(each) for each in value]
    return value
