"""Workers of Dask on several machines, an existing engine: the only module that knows `distributed`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from hclmod.fleet.work import Shared


@contextmanager
def executor(address: str, shared: Shared) -> Iterator[tuple[Executor, object, int]]:
    """Lend the workers of a scheduler, a handle to `shared`, which goes there once, and how many threads they have."""
    try:
        from distributed import Client
    except ImportError as error:
        hint = "Install `hclmod[dask]` here and on the workers."
        raise HclmodError("Dask is not installed", hint=hint) from error
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise HclmodError(f"no scheduler of Dask at {address}", hint="Start one with `dask scheduler`.") from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise HclmodError(f"the scheduler at {address} has no workers", hint="Start some with `dask worker`.")
        yield client.get_executor(pure=False, retries=0), client.scatter(shared, broadcast=True), threads


_PATIENCE = "20s"
