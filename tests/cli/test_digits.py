"""Numbers of thousands of digits, wherever a repository may have one: no command raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.numbers import DIGITS, whole_number
from tests.support.demo import git, hclmod

if TYPE_CHECKING:
    from pathlib import Path

MANY = "9" * 5000
WORKLOAD = (
    'resource "kubernetes_deployment" "%s" {\n%s  spec {\n    template {\n      spec {\n        container {\n'
    '          name  = "w"\n          image = %s\n        }\n      }\n    }\n  }\n}\n'
)
RELEASE = (
    f'resource "helm_release" "keel" {{\n  name    = "keel"\n  chart   = "keel"\n  version = "{MANY}.0"\n'
    f'  values  = [yamlencode({{ image = {{ tag = "{MANY}.1" }} }})]\n}}\n'
)
MAIN = "".join(
    (
        WORKLOAD % ("count", f"  count = {MANY}\n", "local.a[count.index]"),
        WORKLOAD % ("text", f'  count = "{MANY}"\n', '"acme/w:1.2.3"'),
        WORKLOAD % ("index", "", f"local.a[{MANY}]"),
        WORKLOAD % ("legacy", "", f"local.a.{MANY}"),
        WORKLOAD % ("ignored", f"  lifecycle {{\n    ignore_changes = [spec[{MANY}].x]\n  }}\n", '"acme/w:1.2.3"'),
        f'locals {{\n  a = ["acme/w:1.2.3"]\n  b = {{ {MANY} = 1 }}\n}}\n',
        RELEASE,
    )
)
FILES = {
    "s/main.tf": MAIN,
    "s/terragrunt.hcl": f"inputs = {{\n  n = {MANY}\n}}\n",
    "s/a.auto.tfvars.json": f'{{"i": {MANY}}}',
    "c/compose.yaml": (
        f"services:\n  registry:\n    image: registry:{MANY}\n    ports:\n      - '{MANY}:5000'\n      - {MANY}\n"
        f"      - 1-{MANY}:1-{MANY}\n      - target: {MANY}\n        published: {MANY}\n"
    ),
    "c/nginx.conf": (
        f"server {{ listen {MANY}; location /v2/ {{ proxy_pass http://registry:{MANY}; proxy_cache a; "
        f"proxy_cache_valid {MANY} {MANY}m; }} }}\n"
    ),
    "c/docker.io/hosts.toml": f'server = "https://docker.io:{MANY}"\n[host."http://m:{MANY}"]\n',
    "c/quay.io/hosts.toml": f'x = {MANY}\n[host."http://m:5000"]\n',
    "c/config.yml": f"version: 0.1\nproxy:\n  remoteurl: https://registry-1.docker.io:{MANY}\n  ttl: {MANY}\n",
    "AGENTS.md": "# Agents\n",
    "hclmod.toml": '[docs]\nfiles = ["AGENTS.md"]\n[phase.1]\nstacks = ["s"]\n[images."*"]\nfloat = "latest"\n',
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("digits")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", f"base\n\nHclmod-Phase: {MANY}\nHclmod-Rules: drop-helm-atomic")
    return root


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "--phase", "1", "--dry-run"),
        ("apply", "--phase", MANY),
        ("audit",),
        ("doctor",),
        ("survey",),
        ("owners",),
        ("trace", "s/kubernetes_deployment.legacy"),
        ("trace", f"s/main.tf:{MANY}"),
        ("opt-out", "s/kubernetes_deployment.ignored", "--reason", "x", "--dry-run"),
        ("status",),
        ("foundation", "--dry-run"),
        ("conventions", "--dry-run"),
    ],
    ids=lambda words: words[0],
)
def test_no_number_is_too_long(root: Path, words: tuple[str, ...]) -> None:
    done = hclmod(root, *words)
    assert done.returncode in (0, 1, 2, 3)
    assert "hclmod itself failed" not in done.stdout


@pytest.mark.parametrize("text", ["", "-1", " 1", "٣", "²", "1_0", "9" * (DIGITS + 1)])
def test_what_is_no_whole_number(text: str) -> None:
    assert whole_number(text) is None


def test_a_whole_number() -> None:
    assert whole_number("9" * DIGITS) == 10**DIGITS - 1
    assert whole_number("007") == 7
