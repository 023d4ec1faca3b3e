"""Samples by default, everything with `--all`; CI sees the same examples each time, a person with `--all` new ones."""

import gc
import os
import signal
import zlib
from collections import defaultdict

import pytest
from hypothesis import settings

settings.register_profile("sample", max_examples=10, deadline=None, derandomize=True)
settings.register_profile("all", max_examples=100, deadline=None, derandomize="CI" in os.environ)

os.environ["HCLMOD_CACHE"] = ""  # no run knows what another one has found, except where a test is about that

for name in [each for each in os.environ if each.lower().endswith("_proxy")]:
    del os.environ[name]  # the servers of the tests are on loopback


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let people ask for the tests that CI runs."""
    parser.addoption("--all", action="store_true", help="slow tests too, and no samples: all cases, more examples")


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples hypothesis makes, before the modules of the tests are imported.

    A shell that starts us in the background may ignore Ctrl-C for us; the processes that tests interrupt must hear it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(100_000)  # the modules and tests are many objects that stay: looking at them often saves nothing
    settings.load_profile("all" if config.getoption("--all") else "sample")
    os.environ["TESTS_KEEP"] = "" if config.getoption("--all") else "yes"  # read by `tests.support.demo`


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked as slow, and all but a few parameters of what is `sampled`, unless they are asked for."""
    if config.getoption("--all"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: run with --all"))
    left = set() if any("::" in each for each in config.args) else _left_out(items)
    items[:] = [each for each in items if each not in left]
    config.hook.pytest_deselected(items=list(left))


def _left_out(items: list[pytest.Item]) -> set[pytest.Item]:
    """What `sampled(number)` leaves out: all parameters of a test but so many, the same ones each time."""
    parameters: dict[tuple[str, int], list[pytest.Item]] = defaultdict(list)
    for item in items:
        marker = item.get_closest_marker("sampled")
        if marker and not item.get_closest_marker("slow"):
            parameters[item.nodeid.partition("[")[0], marker.args[0]].append(item)
    result: set[pytest.Item] = set()
    for (_, number), every in parameters.items():
        result.update(sorted(every, key=lambda each: zlib.crc32(each.nodeid.encode()))[number:])
    return result


@pytest.fixture(scope="session")
def everything(pytestconfig: pytest.Config) -> bool:
    """Whether tests look at all cases; otherwise at a sample that is the same each time."""
    return bool(pytestconfig.getoption("--all"))
