"""`hclmod doctor` from outside, on a folder."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from hclmod.caches.codes import placed
from hclmod.cli.doctor import compared
from hclmod.engine import doctor
from hclmod.engine.outcomes import Skipped, Unchanged
from hclmod.engine.project import in_memory, open_project
from hclmod.registries.freshness import NO_DIGEST, Freshness
from tests.support.demo import hclmod

if TYPE_CHECKING:
    from pathlib import Path

NGINX = """\
http {
    proxy_cache images;
    proxy_cache_valid 200 1h;
    server {
        listen 5000;
        location ~ /blobs/ { proxy_pass http://registry:5000; }
        location /v2/ {
            proxy_pass http://registry:5000;
        }
    }
}
"""
CONFIG = """\
version: 0.1
storage:
  delete:
    enabled: true
proxy:
  remoteurl: https://registry-1.docker.io
  username: reader
  ttl: 168
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "nginx.conf").write_text(NGINX)
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / "config.yml").write_text(CONFIG)
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_it_exits_with_1_and_writes_nothing(root: Path) -> None:
    done = hclmod(root, "doctor")
    assert done.returncode == 1, done.stderr
    assert "doctor: cached manifest (1 in 1 folder)" in done.stdout
    assert "cache/nginx.conf:7" in done.stdout
    assert "Fix what can be fixed: hclmod doctor --fix" in done.stdout
    assert (root / "cache" / "nginx.conf").read_text() == NGINX


def test_a_repository_without_caches_is_healthy(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("locals {\n  a = 1\n}\n")
    done = hclmod(tmp_path, "doctor")
    assert done.returncode == 0
    assert "0 findings in 0 files" in done.stdout


def test_a_path_limits_what_is_reported(root: Path) -> None:
    done = hclmod(root, "doctor", "registry")
    assert done.returncode == 1
    assert "ttl without unit" in done.stdout
    assert "cached manifest" not in done.stdout
    assert hclmod(root, "doctor", "cache/nginx.conf", "--format", "json").stdout.count('"code"') == 2


def test_it_fixes_what_is_proven(root: Path) -> None:
    done = hclmod(root, "doctor", "--fix")
    assert done.returncode == 0, done.stderr
    fixed = NGINX.replace("location /v2/ {\n", "location /v2/ {\n            proxy_cache off;\n")
    assert (root / "cache" / "nginx.conf").read_text() == fixed
    assert (root / "registry" / "config.yml").read_text() == CONFIG, "nobody said which unit is meant"
    assert "proven by crossplane" in done.stdout
    again = hclmod(root, "doctor", "--fix", "--ttl-unit", "h")
    assert (root / "registry" / "config.yml").read_text() == CONFIG.replace("168", "168h")
    assert "proven by PyYAML" in again.stdout
    assert hclmod(root, "doctor").returncode == 0


@pytest.mark.parametrize("option", ["--dry-run", "--diff"])
def test_a_dry_run_shows_the_fix_and_writes_nothing(root: Path, option: str) -> None:
    done = hclmod(root, "doctor", "--fix", option)
    assert done.returncode == 0, done.stderr
    assert "proxy_cache off;" in done.stdout
    assert (root / "cache" / "nginx.conf").read_text() == NGINX


def test_json_has_file_line_evidence_and_advice(root: Path) -> None:
    report = json.loads(hclmod(root, "doctor", "--format", "json").stdout)
    documents = [each for stack in report["sections"][0]["stacks"] for each in stack["documents"]]
    (document,) = (each for each in documents if each["path"] == "cache/nginx.conf")
    item = document["items"][0]
    assert (item["code"], item["line"]) == ("doctor/cached-manifest", 7)
    assert {"name": "evidence", "text": _evidence()} in item["cells"]
    assert item["advice"].startswith("Put `proxy_cache off;`")


def _evidence() -> str:
    return "GET /v2/library/alpine/manifests/latest is answered by `location /v2/` (cache/nginx.conf:7)"


def test_sarif_and_markdown_name_the_finding(root: Path) -> None:
    (run,) = json.loads(hclmod(root, "doctor", "--format", "sarif").stdout)["runs"]
    assert {each["properties"]["code"] for each in run["results"]} >= {
        "doctor/cached-manifest",
        "doctor/ttl-without-unit",
    }
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"].startswith("A cache may give old images")
    assert "doctor: ttl without unit" in hclmod(root, "doctor", "--format", "markdown").stdout


def test_windows_line_ends_are_kept(root: Path) -> None:
    path = root / "cache" / "nginx.conf"
    path.write_bytes(NGINX.replace("\n", "\r\n").encode())
    assert hclmod(root, "doctor", "--fix").returncode == 0
    assert b"location /v2/ {\r\n            proxy_cache off;\r\n" in path.read_bytes()
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")


def test_an_include_that_leaves_the_repository_is_not_followed(root: Path) -> None:
    outside = root.parent / "outside.conf"
    outside.write_text("proxy_cache off;\n")
    text = NGINX.replace("location /v2/ {\n", f"location /v2/ {{\n            include {outside};\n")
    (root / "cache" / "nginx.conf").write_text(text.replace("proxy_cache_valid", "# proxy_cache_valid"))
    assert hclmod(root, "doctor", "cache").returncode == 0
    (root / "cache" / "nginx.conf").write_text(text)
    (finding, _) = [each.finding for each in doctor.report(open_project(root), "cache").findings]
    assert not finding.is_open
    assert "an `include` that cannot be read" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "server { location /v2/ { proxy_pass http://registry; ",
        "server { location ~ ^/v2/(.+)+$x { proxy_pass http://registry; proxy_cache a; } }",
        "server { location ~ ^/v2/[ { proxy_pass http://registry; proxy_cache a; } }",
        "server { " * 5000 + "proxy_pass http://registry;",
        "location / { " * 300 + "proxy_pass http://registry;" + " }" * 300,
        "".join(f"map $a $v{n} {{ default $v{n + 1}; }} " for n in range(900)) + "server { location /v2/ { proxy_pass "
        "http://registry; proxy_cache a; proxy_cache_valid 200 1m; proxy_no_cache $v0; } }",
        "http { proxy_cache a; server { listen; location { proxy_pass; } location /v2/ { proxy_pass; } } }",
        "map $a $b { } map $b $a { default $b; } server { location /v2/ { proxy_pass http://hub; proxy_no_cache $a; }}",
        'server { listen "; location /v2/ { proxy_pass http://registry; proxy_cache a; } }',
        "server { location /v2/ { proxy_pass http://registry; if { } set $a; proxy_cache_valid; proxy_cache; } }",
    ],
)
def test_odd_configurations_are_read_or_named(text: str) -> None:
    report = doctor.report(in_memory({"nginx.conf": text.encode()}))
    assert all(each.path == "nginx.conf" for each in report.outcomes)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docker-compose.yml", "services: [a, b]\n"),
        ("docker-compose.yml", "services:\n  registry:\n    image: {a: b}\n    ports: [5000, 'x:y', {target: a}]\n"),
        ("docker-compose.yml", "services:\n  registry:\n    ports: ['1-9999999:1-9999999', '9-1:1-9']\n"),
        ("docker-compose.yml", "services:\n  registry:\n    ports: ['-5:80', ':80', '5-:80']\n"),
        ("config.yml", "version: 0.1\nproxy: registry\nstorage: {}\n"),
        ("config.yml", "version: 0.1\nstorage: {}\nproxy: {remoteurl: [a], ttl: {b: c}}\n"),
        ("own/hosts.toml", 'server = 3\n[host."http://registry"]\ncapabilities = 7\n'),
        ("docker.io/hosts.toml", 'server = "a"\nhost = 3 # [host.\n'),
        ("registry.sh", "cat <<EOF\nregistry\n"),
        ("registry.tf", 'resource "a" "registry" {\n  b = <<EOT\nserver {\nEOT\n}\n'),
    ],
)  # fmt: skip
def test_odd_texts_end_in_no_traceback(path: str, text: str) -> None:
    assert list(doctor.report(in_memory({path: text.encode()})).findings) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_regular_file_is_skipped(root: Path) -> None:
    for name in ("cache/other.conf", "nginx.conf", "README.md", "main.tf"):
        os.mkfifo(root / name)
    done = hclmod(root, "doctor", "-v")
    assert done.returncode == 1, done.stderr
    assert "cache/nginx.conf" in done.stdout
    assert hclmod(root, "doctor", "nginx.conf").returncode == 1, "a file that is named has to be read"
    skipped = {each.path for each in doctor.report(open_project(root)).outcomes if isinstance(each, Skipped)}
    assert {"cache/other.conf", "nginx.conf", "README.md"} <= skipped


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{CONFIG}",
        CONFIG.replace("168", '"1\\x368"'),
        CONFIG.replace("168", "&t 168") + "  other: *t\n",
        CONFIG.replace("168", "!!str 168"),
        CONFIG.replace("168", "*t").replace("reader", "&t 168"),
        CONFIG.replace("168", "|-\n    168"),
    ],
)
def test_a_unit_that_cannot_be_written_is_not_offered(text: str) -> None:
    (outcome,) = doctor.report(in_memory({"config.yml": text.encode()}), unit="h").outcomes
    assert isinstance(outcome, Unchanged)
    assert "doctor/ttl-without-unit" in {each.code for each in outcome.left if each.is_open}


@pytest.mark.parametrize("path", ["nope", "../nope", "cache/nope.conf"])
def test_a_path_that_is_not_there_is_an_error(root: Path, path: str) -> None:
    done = hclmod(root, "doctor", path)
    assert done.returncode == 2
    assert f"{path} does not exist" in done.stderr


def test_a_path_of_elsewhere_is_an_error(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "nginx.conf").write_text("")
    (root / "out").symlink_to(outside)
    (root / "leads").symlink_to(root / "cache")
    (root / "hostname").write_text("a")
    for path, why in (
        ("out/nginx.conf", "a link on its path leads out of the repository"),
        ("leads", "leads is a symbolic link"),
        ("hostname", "hostname is not a file that doctor reads"),
    ):
        done = hclmod(root, "doctor", path)
        assert (done.returncode, why in done.stderr) == (2, True), done.stderr


def test_what_a_mirror_shows_is_reported_whatever_the_path(root: Path) -> None:
    seen = placed("old-answer", ("cache/nginx.conf", 4), "an old digest")
    report = doctor.report(open_project(root), "registry", ask=lambda _caches: [seen])
    assert [each.code for each in report.findings] == ["doctor/old-answer", "doctor/ttl-without-unit"]


@pytest.mark.parametrize("mirror", ["http://[::1", "http://a:99999", "http://a:b"])
def test_what_is_no_address_of_a_mirror_is_an_error(root: Path, mirror: str) -> None:
    done = hclmod(root, "doctor", "--live", mirror)
    assert (done.returncode, "is not the address of a mirror" in done.stderr) == (2, True), done.stderr


def test_a_comment_speaks_of_its_own_line_and_one_alone_of_the_next() -> None:
    behind = CONFIG.replace("registry-1.docker.io\n", "ghcr.io # hclmod: ignore[doctor] on purpose\n").replace(
        "  username: reader\n", ""
    )
    alone = CONFIG.replace("  ttl", "  # hclmod: ignore[doctor] on purpose\n  ttl")
    for text, is_open in ((behind, True), (alone, False)):
        findings = doctor.report(in_memory({"config.yml": text.encode()})).findings
        (ttl,) = (each for each in findings if each.code == "doctor/ttl-without-unit")
        assert ttl.is_open is is_open


@pytest.mark.parametrize(
    ("path", "data", "why"),
    [
        ("nginx.conf", NGINX.replace("    server", "<<<<<<< HEAD\n    server").encode(), "conflict"),
        ("nginx.conf", b"# caf\xe9\n" + NGINX.encode(), "UTF-8"),
        ("config.yml", CONFIG.replace("  ttl", "\tttl").encode(), "it is not YAML"),
        ("config.yml", CONFIG.encode() + b"a: [\n", "it is not YAML"),
        ("config.yml", b"# caf\xe9\n" + CONFIG.encode(), "UTF-8"),
        ("config.yml.tpl", CONFIG.encode() + b"%{ if a }\na: b\n%{ endif }\n", "a template"),
        ("store", b"proxy_cache off;\n", "`include store` (nginx.conf:7) names it"),
    ],
)
def test_what_cannot_be_read_is_named(path: str, data: bytes, why: str) -> None:
    text = NGINX.replace("location /v2/ {\n", "include store;\n location /v2/ {\n")
    (skipped,) = (
        each
        for each in doctor.report(in_memory({"nginx.conf": text.encode(), path: data})).outcomes
        if isinstance(each, Skipped)
    )
    assert skipped.path == path
    assert why in skipped.reason


def test_a_file_of_something_else_is_not_named() -> None:
    files = {"a.conf": b"# caf\xe9 server\n", "b.yml": b"registry: [\n", "c": b"server", "d.yml": b"a: <<< registry\n"}
    assert not list(doctor.report(in_memory(files)).outcomes)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--image", "docker.io/library/alpine:latest"], "give the address of a mirror with --live"),
        (["--live", "http://127.0.0.1:1", "--image", f"alpine@sha256:{'0' * 64}"], "names a digest"),
        (["--live", "http://127.0.0.1:1", "--image", "a b"], "is not an image"),
    ],
)
def test_an_image_that_cannot_be_asked_for_is_an_error(root: Path, options: list[str], why: str) -> None:
    done = hclmod(root, "doctor", *options)
    assert (done.returncode, why in " ".join(done.stderr.split())) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("mirror", "upstream", "says"),
    [
        (NO_DIGEST, "sha256:a", "gives no digest for a:1, so they cannot be compared"),
        ("sha256:a", NO_DIGEST, "gives no digest for a:1, so they cannot be compared"),
        ("sha256:b", "sha256:a", "gives another digest than the registry"),
        ("sha256:a", "sha256:a", "gives the digest of the registry"),
    ],
)
def test_an_answer_without_a_digest_is_not_compared(mirror: str, upstream: str, says: str) -> None:
    seen = Freshness(mirror="http://m", image="a:1", digests=(mirror,) * 2, upstream=(upstream,) * 2, states=("", ""))
    assert says in compared(seen)
    assert seen.is_old is ("another" in says)


def test_the_command_that_fixes_has_the_unit(root: Path) -> None:
    assert (
        "Fix what can be fixed: hclmod doctor --fix --ttl-unit m\n" in hclmod(root, "doctor", "--ttl-unit", "m").stdout
    )
    assert "Fix what can be fixed: hclmod doctor --fix\n" in hclmod(root, "doctor").stdout


STATEMENT = "The pull-through cache gives stale tags."
HEALTHY = NGINX.replace("location /v2/ {\n", "location /v2/ {\n proxy_cache off;\n")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"# A\n\n{STATEMENT}\n", [3]),
        (f"# A\n\nOne line.\n{STATEMENT}\n", [4]),
        (f"# A\n\n- a\n\n  > {STATEMENT}\n", [5]),
        ("| a | b |\n|---|---|\n| pull-through cache | stale tags |\n", [3]),
        (f"---\na: {STATEMENT}\n---\n\n{STATEMENT}\n", [5]),
        (f"````\n```\n{STATEMENT}\n```\n{STATEMENT}\n````\n", []),
        (f"Text.\n\n    {STATEMENT}\n", []),
        (f"<!--\n{STATEMENT}\n-->\n", []),
        (f"\ufeff{STATEMENT}\r\n", [1]),
    ],
)
def test_pages_are_read_as_markdown(text: str, lines: list[int]) -> None:
    report = doctor.report(in_memory({"nginx.conf": HEALTHY.encode(), "A.md": text.encode()}))
    assert [each.line for each in report.findings if each.code == "doctor/docs-disagree"] == lines


def test_pages_that_the_config_excludes_are_not_looked_at(root: Path) -> None:
    (root / "cache" / "nginx.conf").write_text(HEALTHY)
    (root / "docs").mkdir()
    (root / "docs" / "a.md").write_text(f"{STATEMENT}\n")
    codes = [each.code for each in doctor.report(open_project(root), "docs").findings]
    assert codes == ["doctor/docs-disagree"]
    (root / "hclmod.toml").write_text('[docs]\nexclude = ["docs/*"]\n')
    assert not list(doctor.report(open_project(root), "docs").findings)
