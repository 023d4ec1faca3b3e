"""Which directories are stacks, what they are called, and whose phase is whose."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from hclmod.config import file
from hclmod.errors import ConfigError
from hclmod.terraform.ids import ResourceId
from hclmod.terraform.stacks import Assignment, Stack, Target, assign, discover, name_of, owner, resolve
from tests.support.demo import hclmod, repository

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = (
    "main.tf",
    "modules/app/main.tf",
    "platform/redis/main.tf",
    "stacks/_template/main.tf",
    "stacks/diun/main.tf",
    "stacks/diun/modules/web/main.tf",
    "stacks/diun/nested/main.tf",
    "stacks/ebooks/README.md",
    "stacks/ebooks/a.tf",
    "stacks/ebooks/b.tf",
    "stacks/redis/main.tf",
)


def read(text: str) -> file.Config:
    return file.parse(text.encode(), "hclmod.toml")


def globs(*stacks: str, exclude: tuple[str, ...] = ()) -> file.Config:
    return read(f"stacks = {json.dumps(stacks)}\nexclude = {json.dumps(exclude)}\n")


def found(settings: file.Config, paths: tuple[str, ...] = REPOSITORY) -> dict[str, str]:
    return {stack.path: stack.name for stack in discover(paths, settings)}


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (globs("stacks/*"), {f"stacks/{name}": name for name in ("_template", "diun", "ebooks", "redis")}),
        (globs("./stacks/*/"), {f"stacks/{name}": name for name in ("_template", "diun", "ebooks", "redis")}),
        (globs("stacks/*", exclude=("stacks/_*",)), {f"stacks/{name}": name for name in ("diun", "ebooks", "redis")}),
        (globs("stacks/*", exclude=("stacks/*",)), {}),
        (globs("stacks/d*"), {"stacks/diun": "diun"}),
        (globs("stacks/diun"), {"stacks/diun": "diun"}),
        (globs("*/redis"), {"platform/redis": "platform/redis", "stacks/redis": "stacks/redis"}),
        (globs("."), {"": "."}),
        (globs("stacks/*", "."), {
            "": ".", **{f"stacks/{name}": name for name in ("_template", "diun", "ebooks", "redis")},
        }),
        (globs("nowhere/*"), {}),
        (globs("STACKS/*"), {}),
        (globs("stacks/*/*/*"), {"stacks/diun/modules/web": "diun/modules/web"}),
    ],
)  # fmt: skip
def test_discovery(settings: file.Config, wanted: dict[str, str]) -> None:
    assert found(settings) == wanted


GRUNT = ("terragrunt.hcl", "live/terragrunt.hcl", "live/a/terragrunt.hcl", "live/b/main.tf", "live/b/terragrunt.hcl")


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (globs("live/*"), {"live/a": "a", "live/b": "b"}),
        (globs("live/*", exclude=("live/a",)), {"live/b": "b"}),
        (globs("."), {"": "."}),
        (globs(), {"live/a": "live/a", "live/b": "live/b"}),
    ],
)
def test_a_folder_with_a_terragrunt_file_alone_is_a_stack(settings: file.Config, wanted: dict[str, str]) -> None:
    assert found(settings, GRUNT) == wanted


def test_a_workload_is_named_by_the_call_that_makes_it() -> None:
    assignment = phases(
        '[phase.1]\nstacks = ["diun"]\n[phase.2]\n'
        """workloads = ["diun/module.a.x_y.z", 'diun/module.b["k"].module.c[0].x_y.z', """
        """'diun/module.d["k.v/w"].x_y.z']"""
    )
    here = "stacks/diun"
    assert assignment.phase_of(ResourceId(here, "module.a", "modules/app", "x_y.z")) == 2
    assert assignment.phase_of(ResourceId(here, 'module.b["k"].module.c[0]', "modules/app", "x_y.z")) == 2
    assert assignment.phase_of(ResourceId(here, 'module.d["k.v/w"]', "modules/app", "x_y.z")) == 2
    assert assignment.phase_of(ResourceId(here, "module.b", "modules/app", "x_y.z")) == 1
    assert assignment.phase_of(ResourceId(here, "", "modules/app", "x_y.z")) == 1
    assert assignment.stacks_of(2) == {here}


def test_without_globs_every_folder_with_tf_files_is_a_stack() -> None:
    settings = read("")
    folders = sorted({path.rpartition("/")[0] for path in REPOSITORY if path.endswith(".tf")})
    assert found(settings) == {folder: folder or "." for folder in folders}
    assert found(read('exclude = ["stacks/*"]')).keys() & {"stacks/diun"} == set()


def test_a_stack_owns_what_lies_below_it_but_no_inner_stack_and_nothing_excluded() -> None:
    settings = globs("stacks/*", "stacks/diun/nested", exclude=("stacks/diun/modules",))
    stacks = {each.path: each.files for each in discover(REPOSITORY, settings)}
    assert stacks["stacks/diun"] == ("stacks/diun/main.tf",)
    assert stacks["stacks/diun/nested"] == ("stacks/diun/nested/main.tf",)
    assert stacks["stacks/ebooks"] == ("stacks/ebooks/a.tf", "stacks/ebooks/b.tf")
    assert owner("stacks/diun/modules/web", settings) is None
    assert owner("elsewhere", settings) is None


RELEASE = 'resource "helm_release" "web" {\n  atomic = true\n}\n'
NESTED = ("main.tf", "other/a.tf", "a/main.tf", "a/modules/m/main.tf", "a/b/main.tf", "a/b/sub/main.tf", "_t/main.tf")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("check", "--rule", "drop-helm-atomic", "."), set(NESTED)),
        (("check", "--rule", "drop-helm-atomic", "a"), {name for name in NESTED if name.startswith("a/")}),
        (("check", "--rule", "drop-helm-atomic", "main.tf", "a/b/main.tf"), {"main.tf", "a/b/main.tf"}),
        (("fix", "--rule", "drop-helm-atomic"), set(NESTED)),
        (("audit", "--rule", "drop-helm-atomic"), set(NESTED[:-1])),
        (("apply", "--phase", "all", "--dry-run"), set(NESTED[:-1])),
    ],
)
def test_every_document_is_looked_at_in_the_nearest_stack_alone(
    tmp_path: Path, words: tuple[str, ...], wanted: set[str]
) -> None:
    source = tmp_path / "source"
    for name in NESTED:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(RELEASE)
    (source / "hclmod.toml").write_text(
        'stacks = [".", "*", "a/b"]\nexclude = ["_t"]\n'
        'rules = ["drop-helm-atomic"]\n[phase.1]\nstacks = [".", "other", "a", "a/b"]\n'
    )
    root = repository(tmp_path, source)
    told = json.loads(hclmod(root, *words, "--format", "json").stdout)
    found = [
        (document["path"], stack["path"])
        for section in told["sections"]
        for stack in section["stacks"]
        for document in stack["documents"]
    ]
    assert sorted(path for path, _ in found) == sorted(wanted)
    assert all(re.sub("/(sub|modules/m)$", "", path.rpartition("/")[0]) == owner for path, owner in found)


def test_the_order_of_the_files_does_not_matter() -> None:
    assert discover(reversed(REPOSITORY), globs("stacks/*")) == discover(REPOSITORY, globs("stacks/*"))


def test_the_name_of_a_stack_is_what_the_glob_left_open() -> None:
    assert name_of("live/eu/web", globs("live/*/*")) == "eu/web"
    assert name_of("live/eu/web", globs("live/eu/*")) == "web"
    assert name_of("other", globs("live/*/*")) == "other"


STACKS = tuple(
    Stack(name, path, (f"{path}/main.tf",))
    for name, path in [
        ("diun", "stacks/diun"),
        ("ebooks", "stacks/ebooks"),
        ("redis", "stacks/redis"),
        ("redis", "platform/redis"),
    ]
)


def phases(text: str) -> Assignment:
    return assign(read(text), STACKS)


def test_a_named_workload_wins_over_its_stack_and_a_named_folder_over_both() -> None:
    assignment = phases(
        """
        [phase.1]
        stacks = ["ebooks", "stacks/diun/"]
        [phase.2]
        workloads = ["ebooks/kubernetes_deployment.web"]
        [phase.3]
        workloads = ["./ebooks/modules/a/kubernetes_deployment.web"]
        """
    )
    web, here = "kubernetes_deployment.web", "stacks/ebooks"
    assert assignment.phase_of(ResourceId(here, "", here, web)) == 2
    assert assignment.phase_of(ResourceId(here, "", f"{here}/modules/b", web)) == 2
    assert assignment.phase_of(ResourceId(here, "", f"{here}/modules/a", web)) == 3
    assert assignment.phase_of(ResourceId(here, "", here, "kubernetes_deployment.other")) == 1
    assert assignment.phase_of(ResourceId("stacks/redis", "", "stacks/redis", web)) is None
    assert assignment.stacks_of(1) == {here, "stacks/diun"}
    assert assignment.stacks_of(2) == assignment.stacks_of(3) == {here}
    assert assignment.stacks_of(4) == frozenset()


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_folder_wins_whichever_phase_comes_first(order: tuple[int, int]) -> None:
    whole, folder = order
    assignment = phases(
        f'[phase.{whole}]\nworkloads = ["ebooks/kubernetes_job.x"]\n'
        f'[phase.{folder}]\nworkloads = ["ebooks/sub/kubernetes_job.x"]\n'
    )
    assert assignment.phase_of(ResourceId("stacks/ebooks", "", "stacks/ebooks/sub", "kubernetes_job.x")) == folder
    assert assignment.phase_of(ResourceId("stacks/ebooks", "", "stacks/ebooks", "kubernetes_job.x")) == whole


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('[phase.1]\nstacks = ["ebook"]', "phase.1.stacks names `ebook`", "Did you mean `ebooks`?"),
        ('[phase.1]\nstacks = ["zzz"]', "phase.1.stacks names `zzz`", "A stack is a folder"),
        ('[phase.1]\nworkloads = ["ebook/a_b.c"]', "phase.1.workloads names `ebook`", "Did you mean `ebooks`?"),
        ('[phase.1]\nstacks = ["redis"]', "which is stacks/redis and platform/redis", "Write the path"),
        ('[phase.1]\nworkloads = ["redis/a_b.c"]', "which is stacks/redis and platform/redis", "Write the path"),
    ],
)
def test_names_that_mean_no_stack_or_two(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        phases(text)
    assert message in raised.value.message
    assert hint in raised.value.hint


def test_two_stacks_of_one_name_are_no_trouble_until_it_is_used() -> None:
    assert phases('[phase.1]\nstacks = ["diun", "platform/redis"]').stacks == {"stacks/diun": 1, "platform/redis": 1}


def test_the_root_can_be_named() -> None:
    stacks = discover(REPOSITORY, globs("."))
    settings = read(
        'stacks = ["."]\n[phase.1]\nstacks = ["."]\n[phase.2]\n'
        'workloads = ["./kubernetes_job.x", "./modules/app/kubernetes_job.y"]'
    )
    assignment = assign(settings, stacks)
    assert assignment.stacks == {"": 1}
    assert assignment.phase_of(ResourceId("", "", "", "kubernetes_job.x")) == 2
    assert assignment.phase_of(ResourceId("", "", "modules/app", "kubernetes_job.y")) == 2
    assert assignment.phase_of(ResourceId("", "", "", "kubernetes_job.y")) == 1


def test_only_known_stacks_are_asked_for_where_not_all_are_there() -> None:
    settings = read(
        '[phase.1]\nstacks = ["gone", "diun"]\n[phase.2]\nworkloads = ["gone/a_b.c", "ebooks/a_b.c", "ebooks2/a_b.c"]'
    )
    assignment = assign(settings, STACKS, known_only=True)
    assert assignment.stacks == {"stacks/diun": 1}
    assert assignment.targets == {Target("stacks/ebooks", None, "a_b.c"): 2}
    with pytest.raises(ConfigError):
        assign(settings, STACKS)


def test_an_option_names_a_resource_as_a_phase_does() -> None:
    settings = read("")
    assert resolve("diun/x_y.z", STACKS, "here", settings) == Target("stacks/diun", None, "x_y.z")
    assert resolve("stacks/diun/sub/x_y.z", STACKS, "here", settings) == Target(
        "stacks/diun", "stacks/diun/sub", "x_y.z"
    )
    with pytest.raises(ConfigError, match="here names `kyverne`"):
        resolve("kyverne/x_y.z", STACKS, "here", settings)


DECIDED = """
stacks = ["stacks/*"]
[workloads."diun/a.b"]
float = "latest"
[workloads."stacks/diun/modules/web/a.b"]
float = "major"
[workloads."diun/module.x.a.b"]
float = "release"
"""


@pytest.mark.parametrize(
    ("where", "floats"),
    [
        (("stacks/diun", "stacks/diun", "a.b"), "latest"),
        (("stacks/diun", "stacks/diun/modules/web", "a.b"), "major"),
        (("stacks/diun", "stacks/diun/modules/web", "a.b", "module.x"), "release"),
        (("stacks/diun", "stacks/diun/modules/web", "a.b", "module.y"), "major"),
        (("stacks/diun", "stacks/diun", "a.c"), None),
        (("stacks/redis", "stacks/redis", "a.b"), None),
    ],
)
def test_the_most_exact_name_of_a_workload_decides(where: tuple[str, ...], floats: str | None) -> None:
    settings = read(DECIDED)
    stack, folder, address, module = (*where, "")[:4]
    policy = assign(settings, discover(REPOSITORY, settings)).policy_of(ResourceId(stack, module, folder, address))
    assert (policy and policy.float) == floats


def test_a_decision_for_a_stack_that_is_not_there() -> None:
    settings = read('stacks = ["stacks/*"]\n[workloads."diunn/a.b"]\nfloat = "latest"\n')
    stacks = discover(REPOSITORY, settings)
    with pytest.raises(ConfigError, match="workloads names `diunn`, and there is no such stack"):
        assign(settings, stacks)
    assert not assign(settings, stacks, known_only=True).decided
