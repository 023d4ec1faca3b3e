"""Feed atheris' inputs to what reads other people's bytes: `python -m tests.long.fuzz TARGET [SECONDS]`.

atheris comes from PyPI and is no dependency: install it beside hclmod. The inputs start from the cases. What fails is
written to `crash-*` in the current folder. Add it to the cases or the tests, then fix its whole kind.
"""

from __future__ import annotations

import contextlib
import functools
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atheris

with atheris.instrument_imports(include=["hclmod", "hclmod_rules"]):
    from hclmod import ledger as trailers
    from hclmod import txtar
    from hclmod.config import file as config
    from hclmod.engine import doctor
    from hclmod.engine.job import Job
    from hclmod.engine.outcomes import Changed, Failed, PhaseReport
    from hclmod.engine.project import in_memory
    from hclmod.errors import HclmodError
    from hclmod.images import decide, diun, evidence, reference, tags
    from hclmod.proof import parsers
    from hclmod.registries import auth
    from hclmod.reports import formats, from_plan
    from hclmod.reports import json as stored
    from hclmod.reports.model import Report
    from hclmod.rulekit import docstrings
    from hclmod.scan import find, pipelines

from tests.support.inert import live
from tests.support.reports import EVIL, full

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
CONFIG = b'[images."*"]\nfloat = "latest"\n[keel]\ninit_containers = true\n'
RULES = (
    "drop-helm-atomic", "enroll-namespace", "float-image-tag", "ignore-keel-drift", "pull-policy-for-floating-tag",
)  # fmt: skip
OPTIONS: dict[str, dict[str, object]] = {
    "float-image-tag": {"outside": find.FORMS},
    "ignore-keel-drift": {"comments": True},
}
READING = (
    'resource "kubectl_manifest" "m" {\n  yaml_body = file("${path.module}/m.yaml")\n}\n'
    'resource "helm_release" "r" {\n  values = [templatefile("${path.module}/m.yaml", { tag = "1.2.3" })]\n}\n'
)


def _settled(files: Mapping[str, bytes], rules: tuple[str, ...] = RULES) -> None:
    """Run rules: nothing fails, HashiCorp's parser reads what was written, and a second run changes nothing."""
    report = _plan(files, rules)
    changes = report.changes
    for each in report.outcomes:
        if isinstance(each, Changed) and each.path.endswith(".tf"):
            before, after = parsers.official(each.before), parsers.official(each.after)
            assert not isinstance(before, parsers.Accepted) or isinstance(after, parsers.Accepted), each.after
    if changes:
        assert not _plan({**files, **changes}, rules).changes, "a second run changes something"


def _plan(files: Mapping[str, bytes], rules: tuple[str, ...] = RULES) -> PhaseReport:
    options = {rule: each for rule, each in OPTIONS.items() if rule in rules}
    report = in_memory({"hclmod.toml": CONFIG, **files}).plan(Job(rules=rules, options=options))
    for each in report.outcomes:
        assert not isinstance(each, Failed), each.traceback
    return report


def document(data: bytes) -> None:
    """A document of Terraform."""
    _settled({"s/main.tf": data})


def yaml(data: bytes) -> None:
    """A manifest, or the values of a chart."""
    _settled({"s/main.tf": READING.encode(), "s/m.yaml": data})
    pipelines.image_setters({".github/workflows/a.yml": data})


def tag(data: bytes) -> None:
    """Two tags."""
    one, _, other = data.decode(errors="replace").partition("\n")
    for each in (one, other):
        tags.classify(each), tags.major_of(each), tags.is_stable(each), tags.moves(each), tags.form(each, None)
    assert not (tags.is_lower(one, other) and tags.is_lower(other, one)), (one, other)
    assert tags.same_line(one, other) == tags.same_line(other, one), (one, other)
    decide.highest(one, (one, other))


def image(data: bytes) -> None:
    """A reference of an image."""
    parsed = reference.parse(data.decode(errors="replace"))
    assert parsed is None or reference.parse(str(parsed)) == parsed, parsed


def snapshot(data: bytes) -> None:
    """The snapshot of tags."""
    with contextlib.suppress(HclmodError):
        known = evidence.parse(data, "tags.json")
        assert evidence.parse(evidence.dump(known), "tags.json") == known
        for name, each in known.images.items():
            if parsed := reference.parse(f"{name}:{next(iter(each.tags), '1.2.3')}"):
                decide.decide(parsed, None, each)
    with contextlib.suppress(HclmodError):
        diun.read(data, "diun.json", "2026-01-01T00:00:00Z")


def report(data: bytes) -> None:
    """A stored report, in every format."""
    with contextlib.suppress(HclmodError):
        _rendered(stored.read(data, "report.json"))


def text(data: bytes) -> None:
    """A text at every place of a report, in every format."""
    inside = data.decode(errors="surrogateescape")
    _rendered(full(lambda plain: f"{plain}{inside}"))
    _rendered(full(lambda plain: f"{inside}{plain}"))


def _rendered(read: Report) -> None:
    docstrings.cards = _CARDS
    for form in formats.FORMATS:
        shown = formats.render(read, form)
        assert form == "diff" or live(shown, form) == [], (form, live(shown, form))
        if form in ("json", "sarif", "gitlab"):
            json.loads(shown)


def settings(data: bytes) -> None:
    """The configuration."""
    with contextlib.suppress(HclmodError):
        config.parse(data, "hclmod.toml")


def page(data: bytes) -> None:
    """A page of Markdown, with the section on conventions and without."""
    words = 'variable "image_tag" {\n  description = "Never latest: 8 characters of the SHA."\n}\n'
    files = {"hclmod.toml": DOCS, "s/main.tf": words.encode(), "AGENTS.md": data, "docs/a.md": data}
    with contextlib.suppress(HclmodError):  # a page that refers to another one
        _settled(files, ("conventions",))


DOCS = b'[docs]\nfiles = ["AGENTS.md"]\n[keel]\nmarkers = ["POOL"]\n[markers.POOL]\npaths = ["metadata[0].labels"]\n'


def caches(data: bytes) -> None:
    """What configures a cache of images: nginx, compose files, registries, mirrors, scripts, templates, pages."""
    files = dict.fromkeys(CACHES, data)
    for _ in range(2):
        report = doctor.report(in_memory(files), unit="h")
        for each in report.outcomes:
            assert not isinstance(each, Failed), each.traceback
        changes = report.changes
        files |= changes
    assert not changes, "a second run changes something"


CACHES = (
    "c/nginx.conf", "c/compose.yaml", "c/config.yml", "c/docker.io/hosts.toml", "c/setup.sh", "c/a.tftpl", "README.md",
)  # fmt: skip


def ledger(data: bytes) -> None:
    """The trailers of a commit."""
    parts = data.decode(errors="replace").split("\n")
    list(trailers.ledger_entries("0", "2026-01-01", *[*parts, "", "", ""][:3]))


def challenge(data: bytes) -> None:
    """What a registry answers to one who has not logged in."""
    list(auth.challenges(data.decode("latin-1")))


_CARDS = functools.cache(docstrings.cards)  # SARIF reads all rules once in a process

TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (
        document, yaml, tag, image, snapshot, report, text, settings, page, caches, ledger, challenge,
    )
}  # fmt: skip
_ENDINGS = {
    "document": (".tf",),
    "yaml": (".yaml", ".yml"),
    "snapshot": (".tags.json",),
    "settings": (".toml",),
    "page": (".md",),
    "caches": (".conf", ".yaml", ".yml", ".toml", ".sh", ".tftpl", ".tpl"),
}


def seeds(target: str) -> Iterator[bytes]:
    """What the cases have for a target."""
    if target == "tag":
        yield b"1.2.3-alpine\n1.2\n"
    elif target == "image":
        yield from (b"acme/w:1.2.3", b"host:5000/a/b@sha256:" + b"0" * 64)
    elif target == "ledger":
        yield b"1\ndrop-helm-atomic,x\n0.2.0"
    elif target == "challenge":
        yield b'Bearer realm="https://a.example/token",service="a",scope="x", Basic realm="b"'
    elif target == "text":
        yield from (each.encode(errors="surrogateescape") for each in EVIL)
    elif target == "report":
        made = _plan({"s/main.tf": next(seeds("document"))})
        yield stored.write(Report("1", (from_plan.tell(made),), ())).encode()
    for path in (ROOT / "fixtures").rglob("*.txtar"):
        with contextlib.suppress(HclmodError):
            texts = txtar.read(path.read_bytes(), str(path))
            yield from (text for name, text in texts.items() if name.endswith(_ENDINGS.get(target, ("none",))))


def mutated(data: bytes, size: int, seed: int) -> bytes:
    """Another value at one place of a JSON text: bytes alone rarely make one that is read."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    try:
        whole = [json.loads(data)]
    except ValueError:
        return bytes(atheris.Mutate(data, size))
    holder, key = chance.choice(list(_places(whole)))
    holder[key] = _other(holder[key], chance)
    made = json.dumps(whole[0]).encode() if whole else b""
    return made if len(made) <= size and chance.random() < 0.9 else bytes(atheris.Mutate(data, size))


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    for key, each in holder.items() if isinstance(holder, dict) else enumerate(holder):
        yield holder, key
        if isinstance(each, dict | list):
            yield from _places(each)


def _other(value: Any, chance: random.Random) -> Any:
    match value:
        case str():
            plain = value.encode(errors="replace")[:200]
            return chance.choice((bytes(atheris.Mutate(plain, 300)).decode(errors="replace"), *EVIL))
        case bool():
            return not value
        case int():
            return chance.choice((0, 1, -1, 2**31, 10**20, value + 1))
        case list():
            return chance.choice(([], value[1:], value * 2, value[::-1]))
        case dict():
            return chance.choice(({}, dict(list(value.items())[1:]), None))
    return chance.choice((None, 0, "", [], {}))


def main() -> None:
    """Fuzz one target."""
    target, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "600"
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(seeds(target)):
            Path(folder, f"seed{number}").write_bytes(data)
        limits = ("-max_len=6000", "-len_control=0", "-timeout=60", "-rss_limit_mb=2500")
        options = [f"-max_total_time={seconds}", *limits, *sys.argv[3:]]
        how = {"custom_mutator": mutated} if target in ("report", "snapshot") else {}
        atheris.Setup([sys.argv[0], folder, *options], TARGETS[target], **how)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
