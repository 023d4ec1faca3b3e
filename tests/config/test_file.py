from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from hclmod.config import cluster, file, policies, rollout
from hclmod.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA: dict[str, Any] = json.loads(
    (Path(file.__file__).parents[1] / "schemas" / "hclmod.schema.json").read_text(encoding="utf-8")
)
EXAMPLE = """\
"$schema" = "https://example.net/hclmod.schema.json"
stacks  = ["stacks/*"]
exclude = ["stacks/_template"]
rules   = ["float-image-tag"]
through = 3
tags    = "hclmod.tags.json"
except_unproven = ["stacks/x/main.tf"]
stateful = ["*-ledger"]

[rollout]
per = 3
every = "12h"
runner = "scripts/tg"
by_hand = ["vault"]

[options.ignore-keel-drift]
comments = true

[keel]
version = "0.21.1"
exempt = ["default"]

[phase.3]
title  = "Exporters, sidecars, utilities"
stacks = ["diun", "speedtest"]
workloads = ["ebooks/kubernetes_deployment.book_search"]
namespaces = ["reading"]
rules  = ["float-image-tag", "drop-helm-atomic"]
[phase.3.options.enroll-namespace]
label = "keel.sh/enrolled"

[images."ghcr.io/immich-app/*"]
float = "release"
reason = ""

[workloads."ebooks/kubernetes_deployment.book_search"]
policy = "minor"

[registries."ghcr.io"]
mirror = "cache.lan:5000/ghcr"
plain_http = true
requests = 2

[markers.MY_MARKER]
paths = ["metadata[0].annotations"]
kinds = ["kubernetes_deployment"]
"""


def read(text: str) -> file.Config:
    return file.parse(text.encode(), "hclmod.toml")


def test_example_is_read_whole() -> None:
    assert read(EXAMPLE) == file.Config(
        path="hclmod.toml",
        stacks=("stacks/*",),
        exclude=("stacks/_template",),
        rules=("float-image-tag",),
        through=3,
        tags="hclmod.tags.json",
        except_unproven=("stacks/x/main.tf",),
        options={"ignore-keel-drift": {"comments": True}},
        phases={
            3: file.Phase(
                number=3,
                title="Exporters, sidecars, utilities",
                stacks=("diun", "speedtest"),
                workloads=("ebooks/kubernetes_deployment.book_search",),
                namespaces=("reading",),
                rules=("float-image-tag", "drop-helm-atomic"),
                options={"enroll-namespace": {"label": "keel.sh/enrolled"}},
            )
        },
        images=(policies.ImagePolicy(pattern="ghcr.io/immich-app/*", float="release", reason=""),),
        markers={
            "MY_MARKER": {
                "paths": ["metadata[0].annotations"],
                "kinds": ["kubernetes_deployment"],
            }
        },
        workloads={
            "ebooks/kubernetes_deployment.book_search": policies.ImagePolicy(
                pattern="ebooks/kubernetes_deployment.book_search", policy="minor"
            )
        },
        registries={"ghcr.io": policies.Registry("cache.lan:5000/ghcr", plain_http=True, requests=2)},
        stateful=("*-ledger",),
        keel=cluster.Cluster(version="0.21.1", exempt=("default",)),
        rollout=rollout.Rollout(per=3, every="12h", runner="scripts/tg", by_hand=("vault",)),
    )


def test_empty_file_decides_nothing() -> None:
    empty = read("")
    assert (empty.stacks, empty.rules, empty.through, empty.phases) == ((), None, None, {})
    assert empty.tags == "hclmod.tags.json"


def test_old_keys_for_facts_about_the_cluster_are_read_with_a_warning() -> None:
    old = """
[options."*"]
keel_version = "0.21.1"
[options.ignore-keel-drift]
init_containers = true
comments = true
[phase.2.options."*"]
exempt = ["a"]
[phase.2.options.ignore-keel-drift]
exempt = ["a"]
[keel]
version = "0.20.0"
enrolled = ["b"]
"""
    config = read(old)
    facts, options = cluster.split(config.options)
    assert cluster.facts(facts, config.keel) == cluster.Cluster(version="0.21.1", enrolled=("b",), init_containers=True)
    assert options == {"ignore-keel-drift": {"comments": True}}
    assert [each.removeprefix("hclmod.toml: ") for each in config.warnings] == [
        'options."*".keel_version: deprecated; write `version` in the table [keel] instead',
        "options.ignore-keel-drift.init_containers: deprecated; write `init_containers` in the table [keel] instead",
        'phase.2.options."*".exempt: deprecated; write `exempt` in the table [keel] instead',
        "phase.2.options.ignore-keel-drift.exempt: deprecated; write `exempt` in the table [keel] instead",
    ]


def test_facts_among_options_are_those_of_one_cluster() -> None:
    settings: dict[str, dict[str, object]] = {
        "*": {"keel_version": "0.21.1", "enrolled": "a, b"},
        "x": {"exempt": ["c"], "jobs": "true"},
    }
    assert cluster.split(settings) == (
        {"version": "0.21.1", "enrolled": ["a", "b"], "exempt": ["c"]},
        {"x": {"jobs": "true"}},
    )
    over: dict[str, dict[str, object]] = {
        "keel": {"version": "0.22.2", "init_containers": "yes"},
        "x": {"keel_version": "0.20"},
        "*": {"markers": ()},
    }
    assert cluster.split(over) == ({"markers": [], "version": "0.22.2", "init_containers": True}, {"x": {}})
    assert cluster.split({"x": {"exempt": ["a"]}, "y": {"exempt": "a"}})[0] == {"exempt": ["a"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": {"exempt": ["a"]}, "y": {"exempt": ["b"]}}, "x.exempt and y.exempt differ, but there is one cluster"),
        ({"*": {"jobs": True}}, "*.jobs is not a fact about the cluster"),
        ({"keel": {"verison": "1"}}, "keel.verison is not a fact about the cluster"),
        ({"keel": {"version": "new"}}, "keel.version: write a version of Keel such as \"0.21.1\", not 'new'"),
        ({"x": {"init_containers": "perhaps"}}, "x.init_containers: write true or false, not a string"),
    ],
)
def test_facts_among_options_that_cannot_hold_are_refused(options: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        cluster.split(options)
    assert str(caught.value).partition("\n")[0] == message


def test_absent_rules_are_not_the_same_as_none() -> None:
    phases = read("[phase.1]\nrules = []\n[phase.2]\n").phases
    assert (phases[1].rules, phases[2].rules) == ((), None)


def test_phases_are_in_order_of_their_numbers() -> None:
    assert list(read("[phase.10]\n[phase.9]\n[phase.0]\n").phases) == [0, 9, 10]


def test_byte_order_mark_and_crlf_are_read() -> None:
    assert file.parse(b'\xef\xbb\xbfstacks = ["a"]\r\nthrough = 1\r\n', "x").through == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stakcs = []", "hclmod.toml: stakcs: unknown key; did you mean `stacks`?"),
        ("[phase.3]\nrule = []", "phase.3.rule: unknown key; did you mean `rules`?"),
        (
            "[images.redis]\nfloat = 'major'\nwhy = 'x'",
            "images.redis.why: unknown key; known here: float, group, ",
        ),
        ('[images."a/*"]\nflaot = "x"', 'images."a/*".flaot: unknown key; did you mean `float`?'),
        ("[markers.M]\npath = []", "markers.M.path: unknown key; did you mean `paths`?"),
        ("stacks = 'a'", "stacks: write an array of strings, not a string"),
        ("stacks = ['a', 1]", "stacks[1]: write a string, not a number"),
        ("stacks = ['../a']", "stacks[0]: write a path below the config's folder"),
        ("exclude = ['/etc']", "exclude[0]: write a path below"),
        ("tags = ''", "tags: write a path below"),
        ("tags = true", "tags: write a string, not a boolean"),
        ("through = '3'", "through: write the number of the last phase"),
        ("through = true", "through: write the number of the last phase"),
        ("through = 100", "through: write the number of the last phase"),
        ("through = -1", "through: write the number of the last phase"),
        ("phase = 3", "phase: write a table, not a number"),
        ("[rollout]\nper = 0", "rollout.per: write how many rollouts, such as 5, not 0"),
        ("[rollout]\nper = true", "rollout.per: write how many rollouts"),
        ("[rollout]\nevery = '6'", "rollout.every: write a number and m, h or d"),
        ("[rollout]\npoll = '0h'", "rollout.poll: write a number and m, h or d"),
        ("[rollout]\nby_hand = 'vault'", "rollout.by_hand: write an array of strings"),
        ("[phase.one]", "phase.one: a phase is a number from 0 to 99"),
        ("[phase.100]", "phase.100: a phase is a number"),
        ("[phase.03]", "phase.03: a phase is a number"),
        ("[phase.3]\ntitle = 1979-05-27", "phase.3.title: write a string, not date"),
        ("options = {a = 1}", "options.a: write a table, not a number"),
        ("[images.redis]\nreason = 'x'", "images.redis.float: missing"),
        ("[images.redis]\nfloat = 'never'", "images.redis.reason: missing; say why"),
        ("[images.redis]\nfloat = 'never'\nreason = ''", "images.redis.reason: missing"),
        (
            "[images.redis]\nfloat = 'redis:7'",
            "images.redis.float: write `latest`, `major`, `never` or a tag",
        ),
        (
            "[images.redis]\nfloat = 'Never'",
            "images.redis.float: 'Never' would be taken as a tag; did you mean `never`?",
        ),
        ("[images.redis]\nfloat = 'nevr'\nreason = 'x'", "did you mean `never`?"),
        ("[images.redis]\nfloat = 'LATEST'", "did you mean `latest`?"),
        ("[images.redis]\nfloat = 'lastest'", "did you mean `latest`?"),
        ("[images.redis]\nfloat = 'latets'", "did you mean `latest`?"),
        ("[images.redis]\nfloat = 'majr'", "did you mean `major`?"),
        ("[workloads.'x/a.b']\nfloat = 'mayor'", "workloads.\"x/a.b\".float: 'mayor' would be taken as a tag; did"),
        ("[images.'redis:7']\nfloat = 'major'", 'images."redis:7": write the image\'s name alone'),
        ("[images.redis]\npolicy = 'force'", "images.redis.policy: write `patch`, `minor`, `major`, `all`, `glob:...`"),
        ("[images.redis]\ngruop = 'x'", "images.redis.gruop: unknown key; did you mean `group`?"),
        ("[images.redis]\ngroup = 1", "images.redis.group: write a string"),
        ("[workloads.'x/a.b']\nfloat = 'never'", 'workloads."x/a.b".reason: missing'),
        ("[workloads.'x/a.b']\nreason = 'y'", 'workloads."x/a.b".float: missing; add it, or `policy`'),
        ("[workloads.'x/a.b']\ngroup = 'y'", 'workloads."x/a.b".group: unknown key'),
        ("[workloads.'a.b']\nfloat = 'major'", 'workloads."a.b": write STACK/TYPE.NAME'),
        ("[registries.'https://ghcr.io']", 'registries."https://ghcr.io": write the registry as image names have it'),
        ("[registries.'registry-1.docker.io']", "are named `docker.io`; write that"),
        ("[registries.'ghcr.io']\nplain-http = true", "plain-http: unknown key; did you mean `plain_http`?"),
        ("[registries.'ghcr.io']\nplain_http = 'yes'", "plain_http: write true or false, not a string"),
        ("[registries.'ghcr.io']\nmirror = 'https://a/b'", "mirror: write `host:port/prefix`, without `https://`"),
        ("[registries.'ghcr.io']\nmirror = 'a:b'", "mirror: write `host:port/prefix`"),
        ("[registries.'ghcr.io']\nrequests = 0", "requests: write how many requests may be under way at once, 1 to 64"),
        ("[registries.'ghcr.io']\nrequests = true", "requests: write how many requests"),
        ("[keel]\nversion = 'new'", "keel.version: write a version of Keel such as \"0.21.1\", not 'new'"),
        ("[keel]\nversion = 0.21", "keel.version: write a string"),
        ("[keel]\nkeel_version = '1'", "keel.keel_version: unknown key; did you mean `version`?"),
        ("[keel]\ninit_containers = 'yes'", "keel.init_containers: write true or false"),
        ("[keel]\nexempt = 'a'", "keel.exempt: write an array"),
        ("stateful = 'x'", "stateful: write an array of strings"),
        ("[report]\ndocs = 'https://git.example'", "report.docs: write an address with `{rule}`"),
        ("[report]\ndocs = 'javascript:{rule}'", "report.docs: write an address with `{rule}`"),
        (
            "[docs]\nfiles = ['main.tf']",
            "docs.files[0]: write the path of a Markdown file, which ends in .md or .markdown",
        ),
        ("[docs]\nfiles = ['A.md', 'hclmod.toml']", "docs.files[1]: write the path of a Markdown file"),
        ("[docs]\nfiles = ['A.mdx']", "docs.files[0]: write the path of a Markdown file"),
        ("[docs]\nfiles = ['md']", "docs.files[0]: write the path of a Markdown file"),
        ("[phase.1]\nworkloads = ['kubernetes_deployment.a']", "phase.1.workloads[0]: write STACK/TYPE.NAME"),
        ("[phase.1]\nworkloads = ['ebooks/book']", "phase.1.workloads[0]: write STACK/TYPE.NAME"),
        ("[phase.1]\nworkloads = ['ebooks//a.b']", "phase.1.workloads[0]: write STACK/TYPE.NAME"),
        ("[phase.1]\nworkloads = ['ebooks/a.b.c']", "phase.1.workloads[0]: write STACK/TYPE.NAME"),
        ("[phase.1]\nstacks=['a']\n[phase.2]\nstacks=['a']", "phase.2.stacks: 'a' is in phase 1 too"),
        (
            "stacks=['stacks/*']\n[phase.1]\nstacks=['diun']\n[phase.2]\nstacks=['stacks/diun/']",
            "phase.2.stacks: 'stacks/diun/' is in phase 1 too; leave it in one",
        ),
        (
            "stacks=['stacks/*']\n[phase.1]\nworkloads=['x/a.b']\n[phase.2]\nworkloads=['stacks/x/a.b']",
            "phase.2.workloads: 'stacks/x/a.b' is in phase 1 too",
        ),
        ("stacks = [\n'a'\n'b']", "not TOML: "),
        ("a = 1\na = 2\n", "(at line 2, column 6)"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        read(text)


def test_other_encodings_are_refused() -> None:
    with pytest.raises(ConfigError, match="not TOML"):
        file.parse("stacks = ['é']".encode("latin-1"), "x")


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read("stakcs = []\nthrough = 'x'\n[phase.x]\n")
    assert len(caught.value.message.splitlines()) == 3


@pytest.mark.parametrize(
    "text",
    [
        "stacks=['stacks/*','apps/*']\n[phase.1]\nstacks=['stacks/a']\n[phase.2]\nstacks=['apps/a']",
        "[phase.1]\nstacks=['a', 'a']",
        "[phase.1]\nstacks=['ebooks']\n[phase.2]\nworkloads=['ebooks/kubernetes_deployment.a']",
        "[phase.1]\nworkloads=['ebooks/modules/web/kubernetes_deployment.a']",
    ],
)
def test_what_only_looks_double_is_accepted(text: str) -> None:
    assert read(text)


POLICIES = """
[images."*"]
float = "latest"
[images."ghcr.io/immich-app/*"]
float = "release"
[images."ghcr.io/immich-app/immich-server"]
float = "major"
[images.redis]
float = "7"
[images."docker.io/library/*"]
float = "major"
[images."docker.io/Upper"]
float = "x"
"""


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("redis", "redis"),
        ("docker.io/library/redis", "redis"),
        ("docker.io/redis", "redis"),
        ("library/redis", "redis"),
        ("nginx", "docker.io/library/*"),
        ("ghcr.io/immich-app/immich-server", "ghcr.io/immich-app/immich-server"),
        ("ghcr.io/immich-app/ml", "ghcr.io/immich-app/*"),
        ("quay.io/x/redis", "*"),
        ("bitnami/redis", "*"),
        ("localhost:5000/redis", "*"),
        ("docker.io/x/upper", "*"),
    ],
)
def test_most_specific_policy_wins(name: str, pattern: str) -> None:
    policy = read(POLICIES).policy_for(name)
    assert policy is not None
    assert policy.pattern == pattern


def test_each_key_comes_from_the_most_specific_pattern_that_says_it() -> None:
    read_one = read(
        """
[images."a/*"]
group = "one"
policy = "minor"
float = "major"
reason = "of all"
[images."a/b*"]
policy = "glob:*"
[images."a/b"]
float = "release"
"""
    ).policy_for("docker.io/a/b")
    assert read_one == policies.ImagePolicy(pattern="a/b", float="release", reason="", group="one", policy="glob:*")


def test_an_empty_group_leaves_that_of_a_wider_pattern() -> None:
    read_one = read('[images."a/*"]\ngroup = "one"\nfloat = "major"\n[images."a/b"]\ngroup = ""')
    found = [read_one.policy_for(name) for name in ("docker.io/a/b", "docker.io/a/c")]
    assert [each and (each.group, each.float) for each in found] == [("", "major"), ("one", "major")]


def test_a_registry_is_a_pattern_like_any_other() -> None:
    read_one = read('[images."ghcr.io/*"]\nfloat = "major"\n[images."docker.io/*"]\nfloat = "latest"')
    assert [getattr(read_one.policy_for(name), "float", None) for name in ("ghcr.io/a/b", "caddy", "quay.io/a/b")] == [
        "major",
        "latest",
        None,
    ]


@pytest.mark.parametrize("name", ["redis", "quay.io/a/postgres", "ghcr.io/A/x"])
def test_image_without_a_policy(name: str) -> None:
    assert read('[images."postgres"]\nfloat="major"\n[images."ghcr.io/a/*"]\nfloat="x"').policy_for(name) is None


@pytest.mark.parametrize(
    ("globs", "places"),
    [
        (["stacks/*"], ("diun", "stacks/diun")),
        (["*"], ("diun",)),
        (["stacks/diun"], ("diun", "stacks/diun")),
        (["b/*", "a/**/c"], ("diun", "a/diun", "b/diun")),
    ],
)
def test_a_name_means_a_place_under_a_glob(globs: list[str], places: tuple[str, ...]) -> None:
    assert read(f"stacks = {globs}").places("diun") == places


def test_find_looks_up_to_the_git_root(tmp_path: Path) -> None:
    inner = tmp_path / "repo" / "stacks" / "a"
    inner.mkdir(parents=True)
    (tmp_path / "hclmod.toml").touch()
    assert file.find(inner) == (tmp_path / "hclmod.toml").resolve()
    (tmp_path / "repo" / ".git").touch()
    assert file.find(inner) is None
    (tmp_path / "repo" / "hclmod.toml").touch()
    assert file.find(inner) == (tmp_path / "repo" / "hclmod.toml").resolve()


def test_load_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"hclmod\.toml: cannot be read: No such file"):
        file.load(tmp_path / "hclmod.toml")
    (tmp_path / "hclmod.toml").write_text(EXAMPLE, encoding="utf-8")
    assert file.load(tmp_path / "hclmod.toml").path == str(tmp_path / "hclmod.toml")


def test_schema_is_fresh() -> None:
    assert file.schema() == SCHEMA, "run `hclmod docs`"


def described(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, each in schema.get("properties", {}).items():
        yield f"{path}.{name}", each.get("description", "")
        yield from described(each, f"{path}.{name}")
        yield from (
            described(each["additionalProperties"] or {}, f"{path}.{name}.X") if "additionalProperties" in each else ()
        )


def test_every_key_has_a_description() -> None:
    keys = dict(described(SCHEMA))
    assert ".markers.X.paths" in keys
    assert not [name for name, about in keys.items() if not about]


def test_schema_is_sound_and_takes_the_example() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(tomllib.loads(EXAMPLE), SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", ["x/a.b", "./a.b", "x/y/module.m.a.b", "x/module.m[0].a.b", 'x/module.m["k.v/w"].a.b'])
def test_schema_takes_every_name_of_a_workload(name: str) -> None:
    text = f"[phase.1]\nworkloads = ['{name}']\n[workloads.'{name}']\nfloat = 'never'\nreason = 'x'\n"
    assert read(text).phases[1].workloads == (name,)
    jsonschema.validate(tomllib.loads(text), SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "text",
    [
        "stakcs = []",
        "tags = '../x'",
        "through = 100",
        "[rollout]\nper = 0",
        "[rollout]\nevery = '6'",
        "[phase.03]",
        "[phase.1]\nworkloads = ['a.b']",
        "[phase.1]\nworkloads = ['x/module.a.b']",
        "[phase.1]\nworkloads = ['x/a[0].b']",
        "[images.redis]\nfloat = 'never'",
        "[images.'redis:7']\nfloat = 'major'",
        "[images.redis]\nreason = 'x'",
        "[images.redis]\npolicy = 'force'",
        "[workloads.'a.b']\nfloat = 'major'",
        "[workloads.'x/a.b']\ngroup = 'y'",
        "[registries.'registry-1.docker.io']",
        "[registries.'ghcr.io']\nmirror = 'https://a/b'",
        "[registries.'ghcr.io']\nrequests = 65",
        "[keel]\nversion = 'new'",
    ],
)
def test_schema_refuses_what_the_parser_refuses(text: str) -> None:
    with pytest.raises(ConfigError):
        read(text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "tag", ["test", "latest2", "latest-alpine", "main", "master", "minor", "stable", "release", "later", "lts", "edge"]
)
def test_a_tag_that_is_near_no_word_is_a_tag(tag: str) -> None:
    text = f'[images.redis]\nfloat = "{tag}"\n[workloads."x/a.b"]\nfloat = "{tag}"\n'
    assert [each.float for each in read(text).images] == [tag]
