"""Pins from outside: one workload, all that it hangs on, and back to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from hclmod.commands import pin, test
from hclmod.engine.job import Job
from hclmod.errors import HclmodError
from tests.support.cases import CHANGING
from tests.support.demo import hclmod, repository, state
from tests.support.trees import project, workload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hclmod.engine.cases import Case
    from hclmod.engine.outcomes import PhaseReport

Files = dict[str, bytes]
PIN = {"to": "3.0.1", "reason": "3.0.4 crashes", "date": "2026-08-01", "allow_downgrade": True}
OPT_OUT = {"reason": "the old schema", "date": "2026-08-01"}
CONFIG = 'stacks = ["s/*"]\n'


def act(files: Mapping[str, bytes], target: str, rule: str, options: object = None, **how: bool) -> PhaseReport:
    given = options if isinstance(options, dict) else {}
    return pin.act(project(files, CONFIG), target, rule, given, **how)


def done(files: Mapping[str, bytes], target: str, rule: str, options: object = None, **how: bool) -> Files:
    """The files after a rule that had no objection."""
    report = act(files, target, rule, options, **how)
    assert not pin.objections(report)
    assert not report.unproven()
    return {**files, **report.changes}


def there_and_back(files: Files, target: str, **how: bool) -> Files:
    pinned = done(files, target, "pin", PIN, **how)
    assert pinned != files
    assert done(pinned, target.partition(":")[0], "unpin", **how) == files
    return pinned


MODULE = 'variable "tag" {\n  default = "3.0.4"\n}\n\noutput "image" {\n  value = "x/y:${var.tag}"\n}\n'
CALL = 'module "m" {\n  source = "../../m"\n}\n\n'
ORIGINS: dict[str, tuple[dict[str, str], str]] = {
    "literal": ({"s/a/main.tf": workload('"x/y:3.0.4"')}, "s/a/main.tf"),
    "local": ({"s/a/main.tf": 'locals {\n  tag = "3.0.4"\n}\n' + workload('"x/y:${local.tag}"')}, "s/a/main.tf"),
    "two locals": (
        {
            "s/a/locals.tf": 'locals {\n  image     = "x/y"\n  image_tag = "3.0.4"\n}\n',
            "s/a/main.tf": workload('"${local.image}:${local.image_tag}"'),
        },
        "s/a/locals.tf",
    ),
    "default": (
        {
            "s/a/variables.tf": 'variable "tag" {\n  type    = string\n  default = "3.0.4"\n}\n',
            "s/a/main.tf": workload('"x/y:${var.tag}"'),
        },
        "s/a/variables.tf",
    ),
    "terragrunt": (
        {
            "s/a/terragrunt.hcl": 'inputs = {\n  colour = "red"\n  tag    = "3.0.4" # now\n}\n',
            "s/a/main.tf": 'variable "tag" {\n  default = "1.0.0"\n}\n' + workload('"x/y:${var.tag}"'),
        },
        "s/a/terragrunt.hcl",
    ),
    "tfvars": (
        {
            "s/a/terraform.tfvars": 'tag = "3.0.4"',
            "s/a/main.tf": 'variable "tag" {\n}\n' + workload('"x/y:${var.tag}"'),
        },
        "s/a/terraform.tfvars",
    ),
    "default of a module": (
        {"m/main.tf": MODULE, **{f"s/{name}/main.tf": CALL + workload("module.m.image") for name in "ab"}},
        "s/a/main.tf",
    ),
    "a local that another workload shares": (
        {"s/a/main.tf": 'locals {\n  i = "x/y:3.0.4"\n}\n' + workload("local.i") + workload("local.i", "other")},
        "s/a/main.tf",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in ORIGINS if name != "tfvars"])
def test_a_pin_goes_where_the_tag_stands_and_comes_back(name: str) -> None:
    files, where = ORIGINS[name]
    data = {path: text.encode() for path, text in files.items()}
    pinned = there_and_back(data, "a/kubernetes_deployment.web")
    assert b"3.0.1" in pinned[where]
    assert b'"keel.sh/policy" = "never"' in pinned["s/a/main.tf"]
    others = {path for path in data if path not in (where, "s/a/main.tf")}
    assert all(pinned[path] == data[path] for path in others)


def test_a_file_that_could_not_be_given_back_is_not_written() -> None:
    """A comment above the only line would end it with a line end that it does not have."""
    data = {path: text.encode() for path, text in ORIGINS["tfvars"][0].items()}
    (objection,) = pin.objections(act(data, "a/kubernetes_deployment.web", "pin", PIN))
    assert "could not be taken back" in objection


def test_containers_are_named_and_those_of_one_repository_move_together() -> None:
    more = '        container {\n          name  = "meter"\n          image = "x/meter:1"\n        }\n'
    more += '        init_container {\n          name  = "oiler"\n          image = "x/y:3.0.4"\n        }\n'
    files = {"s/a/main.tf": workload('"x/y:3.0.4"', more=more).encode()}
    (objection,) = pin.objections(act(files, "a/kubernetes_deployment.web", "pin", PIN))
    assert "Name one of web, meter, oiler" in objection
    pinned = there_and_back(files, "a/kubernetes_deployment.web:web")
    assert pinned["s/a/main.tf"].count(b'"x/y:3.0.1"') == 2
    assert b'"x/meter:1"' in pinned["s/a/main.tf"]


def callers(count: int) -> Files:
    files = {"m/main.tf": workload('"x/y:3.0.4"').encode()}
    return files | {f"s/{name}/main.tf": CALL.encode() for name in "abcdefgh"[:count]}


def test_a_module_with_eight_callers_is_pinned_for_all_or_not_at_all() -> None:
    files = callers(8)
    target = "a/module.m.kubernetes_deployment.web"
    (objection,) = pin.objections(act(files, target, "pin", PIN))
    assert "s/b, s/c, s/d, s/e, s/f, s/g, s/h use the same block" in objection
    assert act(files, target, "pin", PIN).changes == {}
    assert pin.cells(act(files, target, "pin", PIN), "run") == ()
    pinned = there_and_back(files, target, with_callers=True)
    assert b'image = "x/y:3.0.1"' in pinned["m/main.tf"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("a/kubernetes_deployment.wep", "there is no workload `a/kubernetes_deployment.wep`"),
        ("module.m.kubernetes_deployment.web", "is 2 workloads"),
    ],
)
def test_the_workload_has_to_be_one(target: str, says: str) -> None:
    with pytest.raises(HclmodError, match=says):
        act(callers(2), target, "pin", PIN)


def test_a_tag_that_does_not_fit_its_suffix_leaves_everything() -> None:
    files = {"s/a/main.tf": ('locals {\n  t = "3.0.4"\n}\n' + workload('"x/y:${local.t}-cuda"')).encode()}
    report = act(files, "a/kubernetes_deployment.web", "pin", PIN)
    assert any("does not fit the text around the tag" in each for each in pin.objections(report))
    there_and_back_with = done(files, "a/kubernetes_deployment.web", "pin", {**PIN, "to": "3.0.1-cuda"})
    assert b't = "3.0.1"' in there_and_back_with["s/a/main.tf"]


def test_a_second_pin_is_taken_back_with_the_first() -> None:
    files = {"s/a/main.tf": workload('"x/y:3.0.4"').encode()}
    target = "a/kubernetes_deployment.web"
    once = done(files, target, "pin", PIN)
    (objection,) = pin.objections(act(once, target, "pin", {**PIN, "to": "2.9.0", "allow_downgrade": False}))
    assert "2.9.0 is below 3.0.1, the newest known pin of docker.io/x/y" in objection
    twice = done(once, target, "pin", {**PIN, "to": "2.9.0"})
    assert b"x/y:2.9.0" in twice["s/a/main.tf"]
    assert done(twice, target, "unpin") == files


def test_an_opt_out_keeps_the_tag_and_comes_back() -> None:
    files = {"s/a/main.tf": workload('"x/y:3.0.4"').encode()}
    out = done(files, "a/kubernetes_deployment.web", "opt-out", OPT_OUT)
    assert b'image = "x/y:3.0.4"' in out["s/a/main.tf"]
    assert b"# hclmod added: opted out 2026-08-01: the old schema" in out["s/a/main.tf"]
    assert done(out, "a/kubernetes_deployment.web", "unpin") == files


def test_a_pin_says_what_to_run_until_the_next_apply() -> None:
    files = {"s/a/main.tf": workload('"x/y:3.0.4"').replace("    namespace", '    name = "w"\n    namespace').encode()}
    report = act(files, "a/kubernetes_deployment.web", "pin", PIN)
    assert pin.cells(report, "run") == (
        "kubectl -n ns rollout undo deployment/w",
        "kubectl -n ns annotate deployment/w keel.sh/policy=never --overwrite",
    )


PINNING = [case for case in CHANGING if case.rule in ("pin", "opt-out")]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in PINNING])
def test_what_fixtures_pin_is_taken_back(case: Case) -> None:
    files = {f"before/{name}": data for name, data in case.after.items()}
    files |= {f"after/{name}": data for name, data in case.before.items()}
    result = test.run(replace(case, rule="unpin", files=files, says=(), codes=(), options={}))
    assert not result.problems, result.diff.decode()


# From outside


def test_pin_and_unpin_on_the_demo(tmp_path: Path) -> None:
    root = repository(tmp_path)
    before = state(root)
    how = ("--to", "1.13.0", "--reason", "1.14 loses its lamp", "--date", "2026-08-01")
    refused = hclmod(root, "pin", "beacon/kubernetes_deployment.beacon", *how)
    assert refused.returncode == 1
    assert "1.13.0 is below 1.14.2, the newest known pin" in refused.stderr
    dry = hclmod(root, "pin", "beacon/kubernetes_deployment.beacon", *how, "--allow-downgrade", "--diff", "--dry-run")
    assert dry.returncode == 0
    assert '+          image = "docker.io/lanternworks/beacon:1.13.0"' in dry.stdout
    assert state(root) == before
    done = hclmod(root, "pin", "beacon/kubernetes_deployment.beacon", *how, "--allow-downgrade")
    assert done.returncode == 0, done.stderr
    assert "kubectl -n beacon rollout undo deployment/beacon" in done.stdout
    assert state(root) != before
    back = hclmod(root, "unpin", "beacon/kubernetes_deployment.beacon")
    assert back.returncode == 0, back.stderr
    assert state(root) == before
    assert hclmod(root, "unpin", "beacon/kubernetes_deployment.beacon").returncode == 0


def test_an_image_given_back_to_terraform_stays_so_in_later_runs() -> None:
    listed = f"  lifecycle {{\n    ignore_changes = [{IGNORED}]\n  }}\n}}\n"
    files = {"s/a/main.tf": (workload('"x/y:3.0.4"').rstrip().removesuffix("}") + listed).encode()}
    options = {**OPT_OUT, "keep_enrolled": True}
    back = done(files, "a/kubernetes_deployment.web", "pin", options)
    assert b"never" not in back["s/a/main.tf"]
    assert done(back, "a/kubernetes_deployment.web", "pin", options) == back
    keel = project(back, CONFIG + '[keel]\nversion = "0.22.1"\nmarkers = []\n[images."x/y"]\npolicy = "minor"\n')
    report = keel.plan(Job(rules=("ignore-keel-drift", "float-image-tag"), options=keel.options_of(None)))
    lines = report.changes["s/a/main.tf"].decode().splitlines()
    assert not [line for line in lines if IGNORED in line and not line.lstrip().startswith("#")]
    assert done(back, "a/kubernetes_deployment.web", "unpin") == files


def test_a_pin_needs_a_tag_or_says_that_the_tag_stays(tmp_path: Path) -> None:
    root = repository(tmp_path)
    refused = hclmod(root, "pin", WORKLOAD, "--reason", "old")
    assert refused.returncode == 2
    assert "--keep-enrolled" in refused.stderr
    kept = hclmod(root, "pin", WORKLOAD, "--reason", "old", "--keep-enrolled")
    assert kept.returncode == 0, kept.stderr
    assert "kubectl" not in kept.stdout


def test_opt_out_and_opt_in_on_the_demo(tmp_path: Path) -> None:
    root = repository(tmp_path)
    before = state(root)
    assert hclmod(root, "opt-out", "beacon/kubernetes_deployment.beacon", "--reason", "old").returncode == 0
    assert "nothing was written" not in hclmod(root, "check", "--rule", "ignore-keel-drift").stdout
    assert state(root) != before
    assert hclmod(root, "opt-in", "beacon/kubernetes_deployment.beacon").returncode == 0
    assert state(root) == before


WORKLOAD = "beacon/kubernetes_deployment.beacon"


@pytest.mark.parametrize(
    ("command", "why"), [("unpin", "the workload is not pinned"), ("opt-in", "the workload is not opted out")]
)
def test_what_was_not_done_is_not_taken_back_and_told(tmp_path: Path, command: str, why: str) -> None:
    root = repository(tmp_path)
    done = hclmod(root, command, WORKLOAD)
    assert done.returncode == 0
    assert f"Nothing to do: {why}.\n" in done.stdout
    aside = hclmod(root, command, WORKLOAD, "--format", "json", "--dry-run")
    assert (aside.returncode, aside.stderr) == (0, f"Nothing to do: {why}.\n")


@pytest.mark.parametrize("day", ["2026-99-99", "2026-02-30", "yesterday", "20260801", "2026-W31-6"])
@pytest.mark.parametrize("words", [("pin", WORKLOAD, "--to", "1.15.0"), ("opt-out", WORKLOAD)])
def test_a_day_that_is_no_date_is_refused(tmp_path: Path, words: tuple[str, ...], day: str) -> None:
    root = repository(tmp_path)
    before = state(root)
    done = hclmod(root, *words, "--reason", "old", "--date", day)
    assert done.returncode == 2
    assert f"`{day}` is not a date, write it as 20" in done.stderr
    assert state(root) == before


@pytest.mark.parametrize(("rule", "options"), [("pin", PIN), ("opt-out", OPT_OUT), ("unpin", {})])
def test_a_shared_block_names_the_option_that_goes_there(rule: str, options: dict[str, object]) -> None:
    (objection,) = pin.objections(act(callers(2), "a/module.m.kubernetes_deployment.web", rule, options))
    assert "--with-callers" in objection


IGNORED = "spec[0].template[0].spec[0].container[0].image"


def overriding(body: str) -> str:
    return f'resource "kubernetes_deployment" "web" {{\n{body}}}\n'


def test_a_list_of_an_override_file_counts_and_what_it_hides_is_not_pinned() -> None:
    files = {
        "s/a/main.tf": workload('"x/y:3.0.4"').encode(),
        "s/a/main_override.tf": overriding("  lifecycle {\n    ignore_changes = all\n  }\n").encode(),
    }
    report = act(files, "s/a/kubernetes_deployment.web", "pin", PIN)
    assert any("hides all of it" in each for each in pin.objections(report))


def test_a_part_in_another_document_is_named_and_nothing_is_pinned() -> None:
    files = {
        "s/a/main.tf": workload('"x/y:3.0.4"').encode(),
        "s/a/override.tf": (b'resource "kubernetes_deployment" "web" {\n' + POD.encode() + b"}\n"),
    }
    report = act(files, "s/a/kubernetes_deployment.web", "pin", PIN)
    assert any("s/a/main.tf" in each for each in pin.objections(report))


def test_a_list_that_an_override_file_empties_hides_nothing() -> None:
    listed = f"\n  lifecycle {{\n    ignore_changes = [{IGNORED}]\n  }}\n"
    base = workload('"x/y:3.0.4"').rstrip().removesuffix("}") + listed.lstrip("\n") + "}\n"
    files = {
        "s/a/main.tf": base.encode(),
        "s/a/main_override.tf": overriding("  lifecycle {\n    ignore_changes = []\n  }\n").encode(),
    }
    pinned = done(files, "s/a/kubernetes_deployment.web", "pin", PIN)
    assert b"x/y:3.0.1" in pinned["s/a/main.tf"]
    assert listed.encode().strip() in pinned["s/a/main.tf"], "the list has no effect and stays"
    assert done(pinned, "s/a/kubernetes_deployment.web", "unpin") == files


POD = (
    '  spec {\n    template {\n      spec {\n        container {\n          name  = "web"\n'
    '          image = "x/y:3.0.4"\n        }\n      }\n    }\n  }\n'
)


def test_labels_that_no_pin_writes_stay_ignored() -> None:
    base = workload('"x/y:3.0.4"').rstrip().removesuffix("}")
    text = f"{base}  lifecycle {{\n    ignore_changes = [metadata[0].labels, {IGNORED}]\n  }}\n}}\n"
    for rule, options in (("pin", PIN), ("opt-out", OPT_OUT)):
        files = done({"s/a/main.tf": text.encode()}, "s/a/kubernetes_deployment.web", rule, options)
        assert b"    ignore_changes = [metadata[0].labels]\n" in files["s/a/main.tf"]
    report = act({"s/a/main.tf": text.encode()}, "s/a/kubernetes_deployment.web", "pin", {**PIN, "label": True})
    assert any("metadata[0].labels" in each for each in pin.objections(report))
