"""`tags refresh`, `tags import`, `tags explain` and `apply --refresh`, from outside, against real HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from hclmod.images import evidence
from tests.support import demo
from tests.support import registry as real
from tests.support.registry import needs_registry
from tests.support.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import Reply, Seen

AWNING = "registry.lan/lanternworks/awning"
CRANK = "registry.lan/lanternworks/crank"


def logins(root: Path) -> dict[str, str]:
    """Docker's login and git's identity, instead of those of this machine's person."""
    return {"DOCKER_CONFIG": str(root.parent / "docker"), "GIT_CONFIG_GLOBAL": str(root.parent / "gitconfig")}


def hclmod(root: Path, *args: str, stdin: str = "") -> demo.Done:
    return demo.hclmod(root, *args, stdin=stdin, **logins(root))


def workload(name: str, image: str) -> str:
    return (
        f'resource "kubernetes_deployment" "{name}" {{\n  metadata {{\n    name = "{name}"\n  }}\n  spec {{\n'
        f'    template {{\n      spec {{\n        container {{\n          name  = "{name}"\n'
        f'          image = "{image}"\n        }}\n      }}\n    }}\n  }}\n}}\n'
    )


def repository(folder: Path, host: str, images: dict[str, str], more: str = "") -> Path:
    """A git repository with a stack for each image, whose registry is `host`; stack `a` is phase 1, the others 2."""
    root = folder / "repository"
    for stack, image in images.items():
        (root / "stacks" / stack).mkdir(parents=True)
        (root / "stacks" / stack / "main.tf").write_text(workload(stack, image))
    others = ", ".join(f'"{stack}"' for stack in images if stack != "a")
    (root / "hclmod.toml").write_text(
        'stacks = ["stacks/*"]\nrules = ["float-image-tag"]\n'
        f'[phase.1]\nstacks = ["a"]\n[phase.2]\nstacks = [{others}]\n'
        f'[registries."registry.lan"]\nmirror = "{host}"\nplain_http = true\n{more}'
    )
    (folder / "gitconfig").write_text("[user]\nname = Me\nemail = me@example.org\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Begin"]):
        demo.git(root, *command)
    return root


def known(root: Path) -> evidence.Snapshot:
    return evidence.load(root / "hclmod.tags.json")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Registry]:
    """A real registry: an awning whose `latest` is the newest release, a crank whose `latest` is stale."""
    with real.running(tmp_path_factory.mktemp("registry")) as started:
        for number in range(20):
            day = f"2025-01-{number + 1:02}T00:00:00Z"
            started.push("lanternworks/awning", f"awning {number}", f"1.{number}.0", f"{number:07x}a", created=day)
        started.push("lanternworks/awning", "newest", "1.20.0", "1", "latest", created="2025-03-01T00:00:00Z")
        started.push("lanternworks/crank", "old", "1.9.0", "latest", created="2024-01-01T00:00:00Z")
        started.push("lanternworks/crank", "mine", "2.0.1", created="2025-01-01T00:00:00Z")
        started.push("lanternworks/crank", "new", "2.3.0", "2", created="2025-02-01T00:00:00Z")
        yield started


IMAGES = {
    "a": f"{AWNING}:1.7.0",
    "b": f"{CRANK}:2.0.1",
    "c": "registry.lan/lanternworks/postgres:16.4",
    "d": "registry.lan/lanternworks/other:latest",
}


@needs_registry
def test_refresh_asks_for_what_is_open_and_writes_what_matters(running: real.Registry, tmp_path: Path) -> None:
    root = repository(tmp_path, running.host, IMAGES)
    done = hclmod(root, "tags", "refresh")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "2 images queried, written to hclmod.tags.json.\n",
        "",
    )
    images = known(root).images
    assert sorted(images) == [AWNING, CRANK], "a database and what floats already are not asked about"
    assert sorted(images[AWNING].tags) == ["1", "1.20.0", "1.7.0", "latest"]
    assert (images[AWNING].pins, images[AWNING].source, images[AWNING].complete) == (("1.7.0",), "registry", True)
    assert not any(info.created for info in images[AWNING].tags.values()), "digests were enough"
    assert images[CRANK].tags["latest"].created == "2024-01-01T00:00:00Z"


@needs_registry
def test_what_was_learnt_decides(running: real.Registry, tmp_path: Path) -> None:
    root = repository(tmp_path, running.host, IMAGES)
    assert hclmod(root, "tags", "refresh").returncode == 0
    first, second = (hclmod(root, "apply", "--phase", phase, "--dry-run", "-v").stdout for phase in "12")
    assert "floats on `latest`: latest has the digest of 1.20.0, the highest of its form" in first
    assert "floats on `2`: latest is stale: it was built before 2.0.1; 2 exists" in second


@needs_registry
def test_refresh_of_a_phase_and_of_an_image_by_name_add_to_what_is_there(
    running: real.Registry, tmp_path: Path
) -> None:
    root = repository(tmp_path, running.host, IMAGES)
    assert hclmod(root, "tags", "refresh", "--phase", "1").returncode == 0
    assert sorted(known(root).images) == [AWNING]
    assert hclmod(root, "tags", "refresh", f"{CRANK}:2.3.0").returncode == 0
    assert sorted(known(root).images) == [AWNING, CRANK]
    assert known(root).images[CRANK].pins == ("2.0.1", "2.3.0")


@needs_registry
def test_half_failed_keeps_the_rest_and_names_what_failed(running: real.Registry, tmp_path: Path) -> None:
    root = repository(tmp_path, running.host, {**IMAGES, "e": "registry.lan/lanternworks/gone:1.2.3"})
    old = '{"version": 1, "images": {"registry.lan/lanternworks/gone": {"checked": "2020-01-01T00:00:00Z", '
    (root / "hclmod.tags.json").write_text(old + '"source": "hand", "complete": false, "tags": {"1.2.3": {}}}}}')
    done = hclmod(root, "tags", "refresh")
    assert done.returncode == 1
    assert "warning: registry.lan/lanternworks/gone: " in done.stderr
    assert "the registry has no such image (404)" in done.stderr
    assert known(root).images["registry.lan/lanternworks/gone"].checked == "2020-01-01T00:00:00Z"
    assert AWNING in known(root).images


ALOUD = """
import sys
from hclmod.cli import main, output
output.Progress.__call__ = lambda line, name: print(name, file=sys.stderr, flush=True)
sys.argv = ["hclmod", "tags", "refresh"]
main()
"""


def test_an_interruption_keeps_what_was_learnt_and_waits_for_no_request(tmp_path: Path) -> None:
    asked, done = threading.Event(), threading.Event()

    def answering(seen: Seen) -> Reply:
        if "crank" in seen.path:
            asked.set()
            done.wait()
        if "tags/list" in seen.path:
            return 200, {}, b'{"tags": ["1.7.0", "latest"]}'
        return 200, {"docker-content-digest": "sha256:" + "a" * 64}, b""

    with serving(answering) as server:
        root = repository(tmp_path, server.host, IMAGES)
        command, env = [sys.executable, "-c", ALOUD], demo.environment(root) | logins(root)
        process = subprocess.Popen(command, cwd=root, env=env, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert process.stderr.readline() == f"{AWNING}\n"
        asked.wait()
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
        done.set()
        assert len([each for each in server.seen if "crank" in each.path]) == 1, "it was asked again"
    assert process.returncode == 130
    assert f"warning: {CRANK}: not queried: interrupted" in said
    assert sorted(known(root).images) == [AWNING]


def test_what_no_rule_changes_is_not_asked_about(tmp_path: Path) -> None:
    root = repository(tmp_path, "127.0.0.1:1", {"a": "caddy:latest"})
    (root / "stacks" / "a" / "Dockerfile").write_text("FROM registry.lan/lanternworks/mill:1.2.3\n")
    assert "registry.lan/lanternworks/mill:1.2.3" in hclmod(root, "survey").stdout
    assert hclmod(root, "tags", "refresh").stdout == "0 images queried, nothing written.\n"


def test_nothing_open_asks_no_registry(tmp_path: Path) -> None:
    root = repository(tmp_path, "127.0.0.1:1", {"a": "caddy:latest", "b": "postgres:16.4"})
    done = hclmod(root, "tags", "refresh")
    assert (done.returncode, done.stdout) == (0, "0 images queried, nothing written.\n")
    assert not (root / "hclmod.tags.json").exists()


@needs_registry
def test_apply_refreshes_first_when_asked_to(running: real.Registry, tmp_path: Path) -> None:
    root = repository(tmp_path, running.host, IMAGES)
    dry = hclmod(root, "apply", "--phase", "1", "--refresh", "--dry-run")
    assert "floats on `latest`" in dry.stdout
    assert not (root / "hclmod.tags.json").exists(), "a dry run writes nothing"
    done = hclmod(root, "apply", "--phase", "1", "--refresh")
    assert (done.returncode, "Committed" in done.stdout) == (0, True)
    assert sorted(known(root).images) == [AWNING]


OFFLINE = """
import sys
from hclmod.cli import main
def refuse(event, _):
    if event.startswith("socket."): raise AssertionError("a socket was opened")
sys.addaudithook(refuse)
for words in {commands!r}:
    sys.argv = ["hclmod", *words]
    try: main()
    except SystemExit as ended: print("exit", ended.code)
"""


@pytest.mark.slow
def test_only_a_refresh_opens_a_socket(tmp_path: Path) -> None:
    root = repository(tmp_path, "127.0.0.1:1", IMAGES)
    env = demo.environment(root) | logins(root)

    def run(*commands: tuple[str, ...]) -> demo.Done:
        command = [sys.executable, "-c", OFFLINE.format(commands=commands)]
        return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)

    done = run(
        ("apply", "--phase", "1"),
        ("check", "--rule", "float-image-tag", "."),
        ("survey",),
        ("tags", "explain", f"{AWNING}:1.7.0"),
    )
    assert "a socket" not in done.stderr
    assert (done.returncode, done.stdout.count("\nexit ")) == (0, 4), done.stderr
    assert "a socket was opened" in run(("tags", "refresh")).stderr, "the test can fail"


INSPECT = {
    "image": {
        "name": AWNING,
        "manifests": [
            {
                "tag": tag,
                "mimeType": "application/vnd.docker.distribution.manifest.list.v2+json",
                "digest": f"sha256:{digest * 64}",
                "created": "2026-03-26T12:23:56Z",
                "platform": "linux/amd64",
            }
            for tag, digest in (("latest", "a"), ("1.7.0", "b"), ("sha256-" + "c" * 64 + ".sig", "c"))
        ],
    }
}
LIST = {
    "images": [
        {
            "name": CRANK,
            "manifestsCount": "2",
            "latest": {"tag": "2.3.0", "digest": f"sha256:{'d' * 64}", "created": "2026-03-26T12:23:56Z"},
        },
        {"name": AWNING, "manifestsCount": "1", "latest": {"tag": "1.8.0", "digest": f"sha256:{'e' * 64}"}},
    ]
}
HOOKS = [
    {"diun_version": "4.33.0", "status": "new", "image": f"{CRANK}:2.4.0", "digest": f"sha256:{'f' * 64}"},
    {"status": "update", "image": f"{CRANK}:2.4.0", "digest": f"sha256:{'0' * 64}", "created": "2026-04-01T00:00:00Z"},
]


def test_import_takes_all_that_diun_writes(tmp_path: Path) -> None:
    root = repository(tmp_path, "127.0.0.1:1", IMAGES)
    (tmp_path / "inspect.json").write_text(json.dumps(INSPECT, indent=2))
    (tmp_path / "list.json").write_text(json.dumps(LIST))
    hooks = "".join(f"{json.dumps(hook)}\n" for hook in HOOKS)
    done = hclmod(root, "tags", "import", "../inspect.json", "../list.json", "-", stdin=hooks)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 images imported, written to hclmod.tags.json." in done.stdout
    assert "Without `watch_repo` it cannot tell" in done.stdout
    images = known(root).images
    assert {tag: (info.digest or "")[7:8] for tag, info in images[AWNING].tags.items()} == {
        "1.7.0": "b",
        "1.8.0": "e",
        "latest": "a",
    }
    assert {tag: (info.digest or "")[7:8] for tag, info in images[CRANK].tags.items()} == {"2.3.0": "d", "2.4.0": "0"}
    assert {(each.source, each.complete) for each in images.values()} == {("diun", False)}


@needs_registry
def test_import_never_puts_less_in_place_of_a_complete_list(running: real.Registry, tmp_path: Path) -> None:
    root = repository(tmp_path, running.host, IMAGES)
    assert hclmod(root, "tags", "refresh", "--phase", "1").returncode == 0
    before = known(root).images[AWNING]
    done = hclmod(root, "tags", "import", "-", stdin=json.dumps(INSPECT))
    assert done.returncode == 0
    assert f"1 kept, because the snapshot knows more: {AWNING}" in done.stdout
    assert known(root).images[AWNING] == before


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("| NAME | TAG |", 2, "-:1: not JSON"),
        ("[]", 1, "<stdin>:1: neither of `diun image inspect`"),
        ('{"images": [{"name": "a b", "latest": {"tag": "1"}}]}', 1, "'a b' with '1' is not an image with a tag"),
        ('{"image": "caddy"}', 1, "'caddy' is not an image with a tag"),
        ("", 2, "nothing that Diun writes"),
        ('{"images": []}', 2, "nothing that Diun writes"),
        ('{"image": {"name": "caddy"}}\n\n{', 2, ":3: not JSON"),
    ],
)
def test_import_says_what_it_cannot_read(tmp_path: Path, text: str, code: int, said: str) -> None:
    root = repository(tmp_path, "127.0.0.1:1", IMAGES)
    done = hclmod(root, "tags", "import", "-", stdin=text)
    assert done.returncode == code
    assert said.replace("-:1", "<stdin>:1") in done.stderr
    assert not (root / "hclmod.tags.json").exists()


@needs_registry
def test_explain_shows_decision_reason_policy_evidence_and_way_out(running: real.Registry, tmp_path: Path) -> None:
    more = '[workloads."b/kubernetes_deployment.b"]\nfloat = "never"\nreason = "it talks to the firmware"\n'
    root = repository(tmp_path, running.host, {**IMAGES, "e": f"{CRANK}:2.0.1"}, more)
    assert hclmod(root, "tags", "refresh").returncode == 0
    lines = hclmod(root, "tags", "explain", f"{CRANK}:2.0.1").stdout.splitlines()
    told = [" ".join(line.split()) for line in lines]
    assert f"{CRANK}:2.0.1 stays, pinned" in told
    assert "because hclmod.toml says never: it talks to the firmware" in told
    assert (
        'policy "b/kubernetes_deployment.b" in hclmod.toml: float = "never", reason = "it talks to the firmware"'
        in told
    )
    assert "used by stacks/b/kubernetes_deployment.b b" in told
    assert f"{CRANK}:2.0.1 floats on `2`" in told
    assert "because latest is stale: it was built before 2.0.1; 2 exists" in told
    assert any(line.startswith("latest: sha256:") and line.endswith("built 2024-01-01T00:00:00Z") for line in told)
    assert "used by stacks/e/kubernetes_deployment.e e" in told


def test_explain_names_the_group(tmp_path: Path) -> None:
    more = '[images."registry.lan/lanternworks/*"]\ngroup = "lantern"\n'
    root = repository(
        tmp_path, "127.0.0.1:1", {"a": f"{AWNING}:1.7.0", "b": f"{CRANK}:2.0.1", "c": "caddy:2.8.4"}, more
    )
    told = [" ".join(line.split()) for line in hclmod(root, "tags", "explain", f"{AWNING}:1.7.0").stdout.splitlines()]
    assert 'policy "registry.lan/lanternworks/*" in hclmod.toml: group = "lantern"' in told
    assert f"moves with {CRANK}:2.0.1 (stacks/b/kubernetes_deployment.b b)" in told


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("postgres:16.4", "its name matches `postgres` of the images that hold data"),
        ("ledger:1.2", "its name matches `ledg*` of the images that hold data"),
        ("caddy:2.8.4", "fill hclmod.tags.json with `hclmod tags refresh caddy`"),
        ("caddy", "it has no tag, which is latest"),
        (f"caddy@sha256:{'a' * 64}", "it is pinned by its digest"),
        (f"caddy@sha256:{'a' * 64}", "the tag is of the form digest"),
    ],
)
def test_explain_knows_what_needs_no_registry(tmp_path: Path, image: str, said: str) -> None:
    root = repository(tmp_path, "127.0.0.1:1", IMAGES)
    config = root / "hclmod.toml"
    config.write_text(f'stateful = ["ledg*"]\n{config.read_text()}')
    assert said in hclmod(root, "tags", "explain", image).stdout


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["tags", "explain", "${var.image}"], "is not an image"),
        (["tags", "refresh", "a b"], "is not an image"),
        (["tags", "refresh", "--phase", "9"], "Its phases: 1, 2."),
        (["tags", "refresh", "caddy", "--phase", "1"], "not both"),
        (["tags", "import", "nowhere.json"], "nowhere.json"),
    ],
)
def test_bad_words_are_said(tmp_path: Path, args: list[str], said: str) -> None:
    done = hclmod(repository(tmp_path, "127.0.0.1:1", IMAGES), *args)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
