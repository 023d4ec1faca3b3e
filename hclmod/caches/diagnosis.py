"""All that is wrong with the caches of a repository, in the order of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.caches import docs_checks, nginx_checks, port_checks, registry_checks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hclmod.caches.codes import Placed
    from hclmod.caches.repository import Caches


def diagnose(caches: Caches, docs: Iterable[tuple[str, bytes]] = (), unit: str = "") -> list[Placed]:
    """Every finding once, by path and line. `docs` are pages, `unit` is that of a `ttl` without one."""
    result = [each for root in caches.configs for each in nginx_checks.check(root, caches.hosts)]
    result += port_checks.unserved_ports(caches)
    result += registry_checks.check(caches, unit)
    result += port_checks.check_mirrors(caches)
    result += docs_checks.check(caches, docs, result)
    unique = {(each.path, each.line, each.finding.code, each.finding.message): each for each in result}
    return sorted(unique.values(), key=lambda each: (each.path, each.line, each.finding.code, each.finding.message))
