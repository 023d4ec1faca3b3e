"""Patterns that stand in a checkout, matched at a bounded cost: of one that takes too long nothing is known."""

from __future__ import annotations

from time import thread_time

from hclmod import hurry

_LONG = 1000
_EACH = 0.1
_TOTAL = 2.0
_spent = [0.0]
_slow: set[str] = set()


def search(pattern: str, text: str) -> bool | None:
    """Whether a regular expression matches somewhere in a text; None where it is invalid or takes too long."""
    return _matches(pattern, text, whole=False)


def fullmatch(pattern: str, text: str) -> bool | None:
    """Whether a regular expression matches a whole text; None where it is invalid or takes too long."""
    return _matches(pattern, text, whole=True)


def _matches(pattern: str, text: str, *, whole: bool) -> bool | None:
    if len(pattern) > _LONG:
        return None
    if pattern in _slow or _spent[0] > _TOTAL:
        hurry.note()
        return None
    import regex

    start = thread_time()  # as `regex` counts too: on a busy machine the answers are the same
    try:
        compiled = regex.compile(pattern)
        match = compiled.fullmatch(text, timeout=_EACH) if whole else compiled.search(text, timeout=_EACH)
    except (regex.error, TimeoutError, RecursionError, OverflowError, MemoryError):
        _slow.add(pattern)
        hurry.note()
        return None
    finally:
        _spent[0] += max(0.0, thread_time() - start - _EACH / 10)
    return match is not None
