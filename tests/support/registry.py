"""Debian's `docker-registry` on loopback, filled by hand through its API with images of a few bytes.

Source: docs/facts.md, Parsers 10.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"

USER, PASSWORD = "reader", "s3cret"
# What `htpasswd -B` makes of them; the registry takes bcrypt only.
HTPASSWD = f"{USER}:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n"

needs_registry = pytest.mark.skipif(
    shutil.which("docker-registry") is None, reason="NO `docker-registry` ON THE PATH: no real registry was asked"
)


class Registry:
    """A registry that runs; `host` is how images name it."""

    def __init__(self, host: str) -> None:
        self.host = host

    def push(self, repository: str, content: str, *tags: str, created: str | None = "2025-01-01T00:00:00Z") -> str:
        """Put an image there under some tags: the digest of its manifest."""
        config: dict[str, object] = {"architecture": "amd64", "os": "linux", "config": {"Labels": {"is": content}}}
        blob = self._blob(repository, json.dumps({**config, **({"created": created} if created else {})}).encode())
        described = {"mediaType": CONFIG, **blob}
        manifest = {"schemaVersion": 2, "mediaType": DOCKER, "config": described, "layers": []}
        return self._manifest(repository, manifest, DOCKER, tags)

    def push_index(
        self, repository: str, platforms: Sequence[tuple[str, str]], *tags: str, kind: str = DOCKER_LIST
    ) -> str:
        """Put an index there: pairs of `os/architecture` and the digest of an image that is there already."""
        described = [
            {
                "mediaType": DOCKER,
                "digest": digest,
                "size": len(self._get(repository, digest)),
                "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True)),
            }
            for platform, digest in platforms
        ]
        return self._manifest(repository, {"schemaVersion": 2, "mediaType": kind, "manifests": described}, kind, tags)

    def _manifest(self, repository: str, manifest: object, kind: str, tags: Sequence[str]) -> str:
        body = json.dumps(manifest).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        for name in (digest, *tags):
            self._send("PUT", f"/v2/{repository}/manifests/{name}", body, {"content-type": kind})
        return digest

    def _blob(self, repository: str, data: bytes) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        place = self._send("POST", f"/v2/{repository}/blobs/uploads/", b"")
        self._send("PUT", f"{place}&digest={digest}", data, {"content-type": "application/octet-stream"})
        return {"digest": digest, "size": len(data)}

    def _get(self, repository: str, digest: str) -> bytes:
        request = self._request("GET", f"/v2/{repository}/manifests/{digest}", None, {"accept": DOCKER})
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
            read: bytes = answer.read()
        return read

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> str:
        request = self._request(method, path, body, headers or {})
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
            return str(answer.headers.get("location", ""))

    def _request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> urllib.request.Request:
        url = path if path.startswith("http") else f"http://{self.host}{path}"
        return urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - loopback


@contextmanager
def running(folder: Path, *, storage: Path | None = None, auth: str = "") -> Iterator[Registry]:
    """Start a registry with a configuration of its own and stop it at the end; `auth` is its `auth` section."""
    port = free_port()
    config = folder / "config.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {storage or folder}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n{auth}"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
    try:
        _await(port, process, folder / "log")
        yield Registry(f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"docker-registry did not start: {log.read_text()}")


def docker_config(folder: Path, host: str, username: str = USER, password: str = PASSWORD) -> dict[str, str]:
    """An environment whose Docker is logged in at a host."""
    folder.mkdir(exist_ok=True)
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    return {"DOCKER_CONFIG": str(folder)}
