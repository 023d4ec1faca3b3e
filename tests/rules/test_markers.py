"""The table of markers, for every resource type that owns pods."""

from __future__ import annotations

import pytest

from hclmod.config.file import parse
from hclmod.errors import RuleError
from hclmod.images.reference import Reference
from hclmod.images.reference import parse as parse_image
from hclmod.terraform.kubernetes import KINDS
from rules import _pins
from rules._cluster import version
from rules._markers import MARKERS, entries, is_for, marker, needed_by
from tests.support.hcl import block

NONE = parse(b"", "hclmod.toml")
TEMPLATE = "spec[0].template[0]"
CRON = "spec[0].job_template[0]"
STAMPS = {  # docs/facts.md, Keel 5: the pods' metadata; of a CronJob the job's; a Job and a Pod are not Keel's
    "kubernetes_deployment": f"{TEMPLATE}.metadata[0]",
    "kubernetes_deployment_v1": f"{TEMPLATE}.metadata[0]",
    "kubernetes_stateful_set": f"{TEMPLATE}.metadata[0]",
    "kubernetes_stateful_set_v1": f"{TEMPLATE}.metadata[0]",
    "kubernetes_daemonset": f"{TEMPLATE}.metadata[0]",
    "kubernetes_daemon_set_v1": f"{TEMPLATE}.metadata[0]",
    "kubernetes_cron_job": f"{CRON}.metadata[0]",
    "kubernetes_cron_job_v1": f"{CRON}.metadata[0]",
}
OWN = '  metadata {\n    annotations = { "keel.sh/policy" = "force" }\n  }\n'


@pytest.mark.parametrize("kind", KINDS)
def test_keel_stamps_what_it_updates(kind: str) -> None:
    workload = block(f'resource "{kind}" "w" {{\n{OWN}}}\n')
    found = MARKERS["KEEL_LIFECYCLE_V1"]
    assert is_for(found, workload) == (kind in STAMPS)
    if kind in STAMPS:
        stamp = f'{STAMPS[kind]}.annotations["keel.sh/update-time"]'
        assert entries(found, workload, ())[-1] == stamp


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "cron" in kind])
@pytest.mark.parametrize("own", ["", OWN.replace("force", "never")])
def test_cron_jobs_are_keels_with_a_policy_of_their_own_only(kind: str, own: str) -> None:
    workload = block(f'resource "{kind}" "w" {{\n{own}}}\n')
    assert not any(is_for(MARKERS[name], workload) for name in MARKERS if name.startswith("KEEL_"))


@pytest.mark.parametrize("kind", KINDS)
def test_dns_is_ignored_in_the_pods_of_every_type(kind: str) -> None:
    workload = block(f'resource "{kind}" "w" {{\n}}\n')
    assert entries(MARKERS["KYVERNO_LIFECYCLE_V1"], workload, ()) == (f"{KINDS[kind].prefix}.dns_config",)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0.20.0", ("KEEL_LIFECYCLE_V1", "KEEL_IGNORE_IMAGE")),
        ("v0.21.1", ("KEEL_LIFECYCLE_V1", "KEEL_IGNORE_IMAGE")),
        ("0.22.1", ("KEEL_LIFECYCLE_V1", "KEEL_IGNORE_IMAGE")),
        ("0.22.2", ("KEEL_LIFECYCLE_V1", "KEEL_IGNORE_IMAGE", "KEEL_DIGEST_V1")),
        ("1", ("KEEL_LIFECYCLE_V1", "KEEL_IGNORE_IMAGE", "KEEL_DIGEST_V1")),
    ],
)
def test_a_version_of_keel_chooses_its_markers(text: str, names: tuple[str, ...]) -> None:
    assert needed_by(version(text)) == names


@pytest.mark.parametrize("text", ["latest", "0.21.x", "0..1", "-1"])
def test_what_is_no_version_is_said(text: str) -> None:
    with pytest.raises(RuleError, match="is not a version of Keel"):
        version(text)


def test_an_unknown_marker_is_said_with_those_that_are() -> None:
    with pytest.raises(RuleError, match="there is no marker `KYVERNO_LIFECYCLE_V3`") as caught:
        marker("KYVERNO_LIFECYCLE_V3", NONE)
    assert "KYVERNO_LIFECYCLE_V2" in caught.value.hint
    assert "[markers.KYVERNO_LIFECYCLE_V3]" in caught.value.hint


def test_a_marker_of_the_config_names_parts_of_pods_only_where_there_are_some() -> None:
    config = parse(b'[markers.X]\npaths = ["{pod}.host_aliases"]\nkinds = ["aws_instance"]\n', "hclmod.toml")
    with pytest.raises(RuleError, match=r"`\{pod\}.host_aliases` refers to a pod"):
        entries(marker("X", config), block('resource "aws_instance" "w" {\n}\n'), ())


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('  spec {\n    type = "LoadBalancer"\n  }\n', True),
        ('  spec {\n    type = "ClusterIP"\n  }\n', False),
        ("  spec {\n    type = var.type\n  }\n", False),
        ("  spec {\n  }\n", False),
        ("", False),
    ],
)
def test_a_condition_holds_for_the_literal_alone(body: str, *, wanted: bool) -> None:
    service = block(f'resource "kubernetes_service" "w" {{\n{body}}}\n')
    assert is_for(MARKERS["METALLB_LIFECYCLE_V1"], service) == wanted


def image(text: str) -> Reference:
    found = parse_image(text)
    assert found is not None
    return found


def test_the_newest_known_pin_is_the_highest_of_file_and_comments() -> None:
    text = (
        "# hclmod note: pinned 2026-08-01 docker.io/x/y: bad 3.2.0, good 3.1.0: why\n"
        "# hclmod unaligned note: pinned docker.io/x/y: bad latest, good 3.0.5: why\n"
        "# hclmod note: pinned 2026-08-01 docker.io/x/z: bad 9, good 8.0.0: another image\n"
    )
    known = _pins.recorded(text, "docker.io/x/y")
    assert known == ("3.1.0", "3.0.5")
    assert _pins.lower_than(image("x/y:3.0.9"), "3.0.1", known) == "3.1.0"
    assert _pins.lower_than(image("x/y:3.4.0"), "3.0.1", known) == "3.4.0"
    assert _pins.lower_than(image("x/y"), "3.1.0", known) is None
    assert _pins.lower_than(image("x/y:latest"), "3.0.9", ()) is None
    assert _pins.lower_than(image("x/y:3f9c1d2"), "1b3350c", ()) is None, "hashes have no order"


def test_what_a_pin_says_is_what_is_read_from_it() -> None:
    told = _pins.comment(image("x/y"), "3.0.1", "2026-08-01", "two\n  lines: and a colon")
    assert told == "pinned 2026-08-01 docker.io/x/y: bad no-tag, good 3.0.1: two lines: and a colon"
    for date in ("2026-08-01", ""):
        text = f"# hclmod note: {_pins.comment(image('x/y'), '3.0.1', date, 'why')}"
        assert _pins.recorded(text, "docker.io/x/y") == ("3.0.1",)
