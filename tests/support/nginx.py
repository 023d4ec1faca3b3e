"""Debian's nginx on loopback, with a configuration of the test."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_nginx = pytest.mark.skipif(
    shutil.which("nginx") is None, reason="NO `nginx` ON THE PATH: what it does was not compared with the real one"
)

_KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def whole(folder: Path, http: str) -> str:
    """A configuration around what stands in its `http` block, which writes nowhere but in a folder."""
    paths = "\n".join(f"    {each}_temp_path {folder}/{each};" for each in _KINDS)
    head = f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
    return f"{head}http {{\n    access_log off;\n    server_names_hash_bucket_size 128;\n{paths}\n{http}\n}}\n"


@contextmanager
def running(folder: Path, http: str, port: int) -> Iterator[None]:
    """Start nginx with what stands in its `http` block, wait for a port, and stop it at the end."""
    folder.mkdir(exist_ok=True)
    config = folder / "nginx.conf"
    config.write_text(whole(folder, http))
    command = ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _await(port, process, folder)
        yield
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    while process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nginx did not start: {(folder / 'log').read_text()}{(folder / 'error.log').read_text()}")
