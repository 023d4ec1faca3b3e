"""What `foundation` writes, judged by others: Terraform, the schemas of Kyverno, an engine of CEL, the audit.

`HCLMOD_CRDS` names a folder with the CRDs of Kyverno (`policies.kyverno.io_mutatingpolicies.yaml` from `config/crds` of
its repository). They are large and not ours, so without them a smaller schema is the only one.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import jsonschema
import pygohcl
import pytest
import yaml

from hclmod.commands.audit import GROUP
from hclmod.commands.foundation import foundation
from hclmod.engine.job import Job
from hclmod.engine.project import in_memory
from hclmod.rulekit import folders
from hclmod.rulekit.drafts import Siblings, fill, template
from tests.support.trees import needs_terraform

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
CRD = "policies.kyverno.io_mutatingpolicies.yaml"
CRDS = Path(os.environ.get("HCLMOD_CRDS", "missing"))
needs_crds = pytest.mark.skipif(
    not (CRDS / CRD).is_file(), reason=f"NO {CRD} IN THE FOLDER $HCLMOD_CRDS: only our own smaller schema judged"
)

KYVERNO = """\
resource "kubernetes_namespace" "kyverno" {
  metadata {
    name = "kyverno"
  }
}

resource "helm_release" "kyverno" {
  name      = "kyverno"
  namespace = kubernetes_namespace.kyverno.metadata[0].name
  chart     = "kyverno"
  version   = "VERSION"
}
"""
KUBECTL = """
resource "kubectl_manifest" "quota" {
  yaml_body = yamlencode({ kind = "ResourceQuota" })
}
"""
WEB = b"""\
resource "kubernetes_namespace" "web" {
  metadata {
    name = "web"
  }
}

resource "kubernetes_deployment" "web" {
  metadata {
    name      = "web"
    namespace = kubernetes_namespace.web.metadata[0].name
  }
}
"""
CONFIG = b'stacks = ["stacks/*"]\n'
POLICY = "stacks/kyverno/keel-annotations.tf"
MUTATING, CLUSTER = "3.9.0", "3.6.1"
EVERY = [
    (kind, enrol, form) for kind in (MUTATING, CLUSTER) for enrol in ("label", "allowlist") for form in ("", KUBECTL)
]


def before(version: str, more: str = "") -> dict[str, bytes]:
    return {"hclmod.toml": CONFIG, "stacks/kyverno/main.tf": (KYVERNO.replace("VERSION", version) + more).encode()}


def run(files: Mapping[str, bytes], **options: object) -> dict[str, bytes]:
    """The files that change."""
    project = in_memory(files, options={"foundation": options})
    report = foundation(project, {})
    assert not report.unproven()
    return report.changes


def written(version: str, enrol: str = "label", more: str = "", **options: object) -> dict[str, bytes]:
    """The whole repository afterwards."""
    files = before(version, more)
    return {**files, **run(files, enrol=enrol, **options)}


@pytest.mark.parametrize(("version", "enrol", "more"), EVERY)
def test_terraform_reads_and_formats_what_is_written(version: str, enrol: str, more: str, tmp_path: Path) -> None:
    files = written(version, enrol, more, schedule="@every 90m", tier="cluster")
    new = {path: data for path, data in files.items() if path.endswith(".tf") and path not in before(version)}
    assert len(new) == 2
    for number, data in enumerate(new.values()):
        assert pygohcl.loads(data.decode())["resource"]
        (tmp_path / f"{number}.tf").write_bytes(data)
    if shutil.which("terraform"):
        subprocess.run(["terraform", "fmt", "-check", "-diff", str(tmp_path)], check=True)


@pytest.mark.parametrize(("version", "enrol", "more"), EVERY)
def test_a_second_run_writes_nothing(version: str, enrol: str, more: str) -> None:
    files = written(version, enrol, more)
    assert run(files, enrol=enrol) == {}
    assert run(files, enrol=enrol, update=True) == {}


@pytest.mark.parametrize(("version", "enrol", "more"), EVERY)
def test_new_files_have_the_line_ends_of_the_others(version: str, enrol: str, more: str) -> None:
    ended = {path: data.replace(b"\n", b"\r\n") for path, data in before(version, more).items()}
    made = run(ended, enrol=enrol)
    plain = run(before(version, more), enrol=enrol)
    assert made == {path: data.replace(b"\n", b"\r\n") for path, data in plain.items()}
    assert len(made) == 3
    assert run({**ended, **made}, enrol=enrol, update=True) == {}


def test_one_file_with_other_line_ends_decides_nothing() -> None:
    files = {**before(MUTATING), "stacks/web/main.tf": WEB.replace(b"\n", b"\r\n")}
    assert not any(b"\r" in data for data in run(files).values())


@cache
def policy(version: str, enrol: str = "label", more: str = "", schedule: str = "") -> Any:
    """The policy that is written, as Terraform renders it."""
    return rendered(written(version, enrol, more, schedule=schedule)[POLICY])


def rendered(data: bytes) -> Any:
    """The object of a policy as the real `terraform console` renders it, on a copy that is a local."""
    text = re.sub(r'resource "\w+" "\w+" \{', "locals {", data.decode())
    text = re.sub(r"\n  depends_on = .*\n", "\n", text)
    name = "yaml_body" if "yaml_body" in text else "manifest"
    with TemporaryDirectory() as folder:
        Path(folder, "main.tf").write_text(text)
        done = subprocess.run(
            ["terraform", f"-chdir={folder}", "console"],
            input=f"jsonencode(local.{name})\n",
            env=os.environ | {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
    value = json.loads(json.loads(done.stdout))
    return yaml.safe_load(value) if isinstance(value, str) else value


def strict(schema: Any) -> Any:
    """A schema of a CRD in which fields that it does not name are errors, as for `kubectl apply --validate=strict`."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        result.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    return result


def of_crd() -> Any:
    crd = yaml.safe_load((CRDS / CRD).read_text())
    version = next(each for each in crd["spec"]["versions"] if each["name"] == "v1" and each["served"])
    schema = strict(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


@needs_terraform
@pytest.mark.parametrize(("version", "enrol", "more"), EVERY)
def test_our_schema_accepts_the_policy(version: str, enrol: str, more: str) -> None:
    jsonschema.validate(
        policy(version, enrol, more), json.loads((ROOT / "tests/schemas/kyverno-policies.json").read_text())
    )


@needs_terraform
@needs_crds
@pytest.mark.parametrize("more", ["", KUBECTL])
@pytest.mark.parametrize("enrol", ["label", "allowlist"])
def test_the_schema_of_kyverno_accepts_the_policy(enrol: str, more: str) -> None:
    whole = copy.deepcopy(policy(MUTATING, enrol, more))
    jsonschema.validate(whole, of_crd())
    whole["spec"]["matchConstraints"]["namespaces"] = []
    with pytest.raises(jsonschema.ValidationError, match="namespaces"):
        jsonschema.validate(whole, of_crd())


@needs_terraform
@pytest.mark.parametrize("name", ["mutating_policy", "cluster_policy"])
def test_both_forms_of_a_template_are_one_object(name: str) -> None:
    one, other = (rendered(template(f"foundation/{each}.tf")) for each in (name, f"{name}_kubectl"))
    assert one == other


ENROLLED, PLAIN = {"keel.sh/enrolled": "true"}, {"app": "web"}
ROWS = [
    ("an enrolled namespace", "web", ENROLLED, {"labels": PLAIN}, True),
    ("no labels at all", "web", ENROLLED, {}, True),
    ("another namespace", "web", {}, {"labels": PLAIN}, False),
    ("the namespace of Keel", "keel", ENROLLED, {"labels": PLAIN}, False),
    ("opted out by annotation", "web", ENROLLED, {"annotations": {"keel.sh/policy": "never"}}, False),
    ("a policy of its own", "web", ENROLLED, {"annotations": {"keel.sh/policy": "minor"}}, False),
    ("opted out by label", "web", ENROLLED, {"labels": {"keel.sh/policy": "never"}}, False),
    ("managed by Helm", "web", ENROLLED, {"labels": {"app.kubernetes.io/managed-by": "Helm"}}, False),
]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Kubernetes' label selectors, as far as the policies use them."""
    equal = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    among = (
        (labels.get(each["key"]) in each["values"]) is (each["operator"] == "In")
        for each in selector.get("matchExpressions", [])
    )
    return equal and all(among)


@needs_terraform
@pytest.mark.parametrize(("row", "namespace", "labels", "metadata", "wanted"), ROWS)
def test_the_truth_table_of_the_mutating_policy(
    row: str,
    namespace: str,
    labels: dict[str, str],
    metadata: dict[str, Any],
    wanted: bool,  # noqa: FBT001
) -> None:
    celpy = pytest.importorskip("celpy", reason="NO cel-python: nobody evaluated the conditions of the policy")
    spec = policy(MUTATING)["spec"]
    environment = celpy.Environment()
    values = {"object": celpy.json_to_cel({"metadata": metadata})}
    conditions = [
        bool(environment.program(environment.compile(each["expression"])).evaluate(values))
        for each in spec["matchConditions"]
    ]
    assert len(conditions) == 3
    selector = spec["matchConstraints"]["namespaceSelector"]
    chosen = selects(selector, {**labels, "kubernetes.io/metadata.name": namespace})
    assert (chosen and all(conditions)) is wanted, row


def fits(resources: Mapping[str, Any], namespace: str, labels: Mapping[str, str], metadata: Mapping[str, Any]) -> bool:
    """One filter of a ClusterPolicy."""
    filters = resources.get("annotations", {})
    own, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
    return all((
        namespace in resources.get("namespaces", [namespace]),
        all(annotations.get(key) in ({value} - {"*"} or annotations.values()) for key, value in filters.items()),
        selects(resources.get("selector", {}), own),
        selects(resources.get("namespaceSelector", {}), labels),
    ))  # fmt: skip


@needs_terraform
@pytest.mark.parametrize(("row", "namespace", "labels", "metadata", "wanted"), ROWS)
def test_the_truth_table_of_the_cluster_policy(
    row: str,
    namespace: str,
    labels: dict[str, str],
    metadata: dict[str, Any],
    wanted: bool,  # noqa: FBT001
) -> None:
    (rule,) = policy(CLUSTER)["spec"]["rules"]
    matched, left_out = (
        any(fits(each["resources"], namespace, labels, metadata) for each in rule[part]["any"])
        for part in ("match", "exclude")
    )
    assert (matched and not left_out) is wanted, row


@needs_terraform
def test_the_expression_writes_all_four_annotations() -> None:
    spec = policy(MUTATING, schedule="@every 6h")["spec"]
    text = spec["mutations"][0]["applyConfiguration"]["expression"]
    entries = dict(re.findall(r'"(keel\.sh/\w+)": "([^"]*)"', text))
    assert entries == {
        "keel.sh/policy": "force",
        "keel.sh/matchTag": "true",
        "keel.sh/trigger": "poll",
        "keel.sh/pollSchedule": "@every 6h",
    }


@pytest.mark.parametrize(("version", "enrol", "more"), EVERY)
def test_the_audit_finds_nothing_and_knows_keel(version: str, enrol: str, more: str) -> None:
    project = in_memory(written(version, enrol, more))
    report = project.plan(Job(rules=folders.group(GROUP)))
    assert [each.finding.message for each in report.findings if each.is_open] == []


@pytest.mark.parametrize("version", [MUTATING, CLUSTER])
def test_a_namespace_can_be_enrolled_afterwards(version: str) -> None:
    project = in_memory({**written(version), "stacks/web/main.tf": WEB})
    report = project.plan(Job(rules=("enroll-namespace",)))
    assert b'"keel.sh/enrolled" = "true"' in report.changes["stacks/web/main.tf"]


@pytest.mark.parametrize("version", [MUTATING, CLUSTER])
@pytest.mark.parametrize("more", ["", KUBECTL])
def test_a_list_gets_the_namespaces_of_a_phase_afterwards(version: str, more: str) -> None:
    files = {**before(version, more), "stacks/web/main.tf": WEB}
    files |= run(files, enrol="allowlist")
    files["hclmod.toml"] += b'\n[phase.1]\nstacks = ["web"]\n'
    project = in_memory(files)
    report = project.plan(Job(rules=("enroll-namespace",), phase=1))
    old, new = files[POLICY].splitlines(), report.changes[POLICY].splitlines()
    assert set(report.changes) == {POLICY}
    ((one, other),) = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
    assert other == one.replace(b'["NONE"]', b'["NONE", "web"]')


def test_a_template_that_a_step_breaks_is_an_error() -> None:
    def wrong(blocks: Mapping[str, Any]) -> Any:
        from hclmod.hcl.edits import Edit, Fix

        (block,) = blocks.values()
        return Fix((Edit(block.attributes["a"].value.span, b"2"),), ())

    with pytest.raises(ValueError, match="not as declared"):
        fill(b'resource "x" "y" {\n  a = 1\n}\n', "main.tf", [wrong])


GRUNT = b'include "root" {\n  path = find_in_parent_folders()\n}\n'
DEPENDENCY = b'\ndependency "%b" {\n  config_path = "../%b"\n}\n'
PLATFORM, VAULT = (DEPENDENCY.replace(b"%b", name) for name in (b"platform", b"vault"))


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ([GRUNT], GRUNT),
        ([GRUNT, GRUNT + PLATFORM, GRUNT + PLATFORM], GRUNT + PLATFORM),
        ([GRUNT, GRUNT, GRUNT + PLATFORM], GRUNT),
        ([GRUNT + PLATFORM, GRUNT + PLATFORM + VAULT, GRUNT], GRUNT + PLATFORM),
        ([GRUNT + PLATFORM + b"inputs = {}\n"], None),
        ([PLATFORM], None),
        ([b"include {", GRUNT], GRUNT),
        ([None, None, GRUNT], None),
        ([None], None),
    ],
)
def test_the_typical_file_of_terragrunt(texts: list[bytes | None], wanted: bytes | None) -> None:
    stacks = tuple(f"stacks/{number}" for number in range(len(texts)))
    files = {f"{stack}/terragrunt.hcl": text for stack, text in zip(stacks, texts, strict=True) if text is not None}
    assert Siblings(stacks, files).terragrunt == wanted
