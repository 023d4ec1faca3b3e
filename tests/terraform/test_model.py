"""All stacks together: random module trees with known answers, and the same trees as the real Terraform sees them."""

from __future__ import annotations

import itertools
import json
import re
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hclmod.terraform.ids import BlockId, ResourceId
from tests.support.hcl import HOSTILE
from tests.support.trees import Files, Terraform, model, needs_terraform, replaced, told, uses, workload, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hclmod.terraform.origins import Origin, Site

    Way = Callable[["Folder", str, int], "Said"]

T = TypeVar("T")
WORDS = ("app", "r/app", "1.2", "latest", "v3", "x:1", "a-b")


@dataclass(frozen=True)
class Said:
    """An expression, every text that it may be, and the one that Terraform makes of it."""

    code: str
    texts: frozenset[str]
    real: str

    def around(self, code: str, before: str, after: str) -> Said:
        return Said(code, frozenset(before + each + after for each in self.texts), before + self.real + after)


@dataclass
class Folder:
    """A module's configuration while it grows; `path` are the names of the calls that lead to it."""

    folder: str
    path: tuple[str, ...]
    parent: Folder | None = None
    code: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    children: list[Folder] = field(default_factory=list)
    images: list[tuple[str, tuple[Said, ...]]] = field(default_factory=list)
    known: list[Said] = field(default_factory=list)

    def all(self) -> Iterator[Folder]:
        yield self
        for child in self.children:
            yield from child.all()

    def outputs(self) -> Iterator[tuple[str, str]]:
        """The name of each image's output, and what it is here."""
        for name, said in self.images:
            codes = [f"{key} = {each.code}" for key, each in zip("abc", said, strict=False)]
            yield name, f"values({{ {', '.join(codes)} }})" if len(said) > 1 else said[0].code
        for child in self.children:
            for name, _ in child.outputs():
                yield f"{child.path[-1]}_{name}", f"module.{child.path[-1]}.{name}"

    def text(self, *, real: bool) -> str:
        """The configuration, with workloads, or with outputs in their place."""
        calls = [
            f'module "{child.path[-1]}" {{\n  source = "./{child.path[-1]}"\n{"".join(child.arguments)}}}\n'
            for child in self.children
        ]
        if real:
            images = [f'output "{name}" {{\n  value = {code}\n}}\n' for name, code in self.outputs()]
        else:
            images = [_workload(name, said) for name, said in self.images]
        return "".join((*self.code, *calls, *images))


def _workload(name: str, said: tuple[Said, ...]) -> str:
    if len(said) == 1:
        return workload(said[0].code, name)
    codes = [f"{key} = {each.code}" for key, each in zip("abc", said, strict=False)]
    return workload("each.value", name, f"for_each = {{ {', '.join(codes)} }}")


class Maker:
    """Writes expressions for texts, and what they refer to, into modules."""

    def __init__(self, draw: st.DrawFn, *, arms: bool) -> None:
        self.draw, self.arms, self.numbers = draw, arms, itertools.count()
        self.set: dict[str, list[str]] = {"a.auto.tfvars": [], "b.auto.tfvars": [], "terraform.tfvars": []}
        self.root = Folder("s", ())
        self.grow(self.root, 2)

    def grow(self, at: Folder, depth: int) -> None:
        for _ in range(self.draw(st.integers(1, 2))):
            said = [self.say(at, self.text(), 4) for _ in range(self.pick(1, 1, 1, 2))]
            at.images.append((self.name("i"), tuple(said)))
        for _ in range(self.draw(st.integers(0, 2)) if depth else 0):
            self.grow(self.child(at), depth - 1)

    def child(self, at: Folder) -> Folder:
        name = self.name("c")
        child = Folder(f"{at.folder}/{name}", (*at.path, name), at)
        at.children.append(child)
        return child

    def files(self, *, real: bool) -> Files:
        found = {f"{each.folder}/main.tf": each.text(real=real) for each in self.root.all()}
        return found | {f"s/{name}": "".join(lines) for name, lines in self.set.items()}

    def images(self) -> dict[str, tuple[Said, ...]]:
        """By the workload's address."""
        return {
            ".".join([*(f"module.{name}" for name in each.path), f"kubernetes_deployment.{name}"]): said
            for each in self.root.all()
            for name, said in each.images
        }

    def name(self, start: str) -> str:
        return f"{start}{next(self.numbers)}"

    def pick(self, *names: T) -> T:
        return self.draw(st.sampled_from(names))

    def text(self) -> str:
        return f"{self.pick(*WORDS)}:{self.pick(*WORDS)}"

    def say(self, at: Folder, text: str, depth: int) -> Said:
        """An expression in a module whose text is this one."""
        same = [said for said in at.known if said.real == text]
        if same and self.pick("new", "old") == "old":
            return same[0]
        ways: list[Way] = [self.around, self.around, self.local, self.map, self.nested]
        ways += [self.lookup, self.passing, self.output]
        ways += [self.argument, self.argument, self.unset] if at.parent else [self.default, self.files_set]
        ways += [self.choice] * 3 if self.arms else []
        said = self.pick(*ways)(at, text, depth - 1) if depth else self.literal(text)
        if re.match(r"(local|var)\.\w+$", said.code):
            at.known.append(said)
        return said

    def literal(self, text: str) -> Said:
        return Said(f'"{text}"', frozenset({text}), text)

    def around(self, at: Folder, text: str, depth: int) -> Said:
        start, end = sorted(self.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        said = self.say(at, text[start:end], depth)
        form = self.pick('"%s${%s}%s"', '"%s${%s}%s"', 'format("%s%%s%%s", %s, "%s")', 'join("", ["%s", %s, "%s"])')
        return said.around(form % (text[:start], said.code, text[end:]), text[:start], text[end:])

    def local(self, at: Folder, text: str, depth: int) -> Said:
        said, name = self.say(at, text, depth), self.name("l")
        at.code.append(f"locals {{\n  {name} = {said.code}\n}}\n")
        return replace(said, code=f"local.{name}")

    def map(self, at: Folder, text: str, depth: int) -> Said:
        said, name = self.say(at, text, depth), self.name("m")
        at.code.append(f'locals {{\n  {name} = {{\n    other = "no"\n    key   = {said.code}\n  }}\n}}\n')
        return replace(said, code=f"local.{name}" + self.pick(".key", '["key"]', '["k${"ey"}"]'))

    def nested(self, at: Folder, text: str, depth: int) -> Said:
        said, name = self.say(at, text, depth), self.name("n")
        at.code.append(f'locals {{\n  {name}  = {{ a = {{ b = [{said.code}] }} }}\n  {name}k = "a"\n}}\n')
        return replace(said, code=f"local.{name}" + self.pick(".a.b[0]", f"[local.{name}k].b[0]"))

    def lookup(self, at: Folder, text: str, depth: int) -> Said:
        said, name = self.say(at, text, depth), self.name("m")
        at.code.append(f'locals {{\n  {name} = {{ "k" = {said.code} }}\n}}\n')
        code = self.pick('lookup({}, "k", "no")', 'merge({{ k = "no" }}, {}).k', 'merge({}, {{ z = "no" }})["k"]')
        return replace(said, code=code.format(f"local.{name}"))

    def passing(self, at: Folder, text: str, depth: int) -> Said:
        said, empty = self.say(at, text, depth), self.name("e")
        at.code.append(f"locals {{\n  {empty} = {{}}\n}}\n")
        forms = ["tostring(%s)", "(%s)", f"try(local.{empty}.no, %s)", 'try(%s, "no")']
        forms += ['coalesce(null, "", %s)', 'coalesce(%s, "no")'] if text and "" not in said.texts else []
        return replace(said, code=self.pick(*forms) % said.code)

    def choice(self, at: Folder, text: str, depth: int) -> Said:
        """A conditional: Terraform takes one arm, and nobody but Terraform asks which."""
        said, other = self.say(at, text, depth), self.say(at, self.pick(*WORDS), 0)
        flag = self.name("f")
        at.code.append(f'locals {{\n  {flag} = "x" == "x"\n}}\n')
        code = self.pick(f"local.{flag} ? {said.code} : {other.code}", f"!local.{flag} ? {other.code} : {said.code}")
        return Said(f"({code})", said.texts | other.texts, text)

    def output(self, at: Folder, text: str, depth: int) -> Said:
        child, name = self.child(at), self.name("o")
        said = self.say(child, text, depth)
        child.code.append(f'output "{name}" {{\n  value = {{ x = {said.code} }}\n}}\n')
        return replace(said, code=f"module.{child.path[-1]}.{name}.x")

    def variable(self, at: Folder, default: str | None = None) -> str:
        name = self.name("v")
        inside = f'  default = "{default}"\n' if default is not None else ""
        at.code.append(f'variable "{name}" {{\n{inside}}}\n')
        return name

    def default(self, at: Folder, text: str, depth: int) -> Said:
        del depth
        return replace(self.literal(text), code=f"var.{self.variable(at, text)}")

    unset = default

    def argument(self, at: Folder, text: str, depth: int) -> Said:
        assert at.parent is not None
        said, name = self.say(at.parent, text, depth), self.variable(at, self.pick(None, "no"))
        at.arguments.append(f"  {name} = {said.code}\n")
        return replace(said, code=f"var.{name}")

    def files_set(self, at: Folder, text: str, depth: int) -> Said:
        del depth
        name, wins = self.variable(at, self.pick(None, "no")), self.pick(*self.set)
        for file, lines in self.set.items():
            order = sorted(self.set, key=lambda each: ("auto" in each, each))
            if file == wins or (order.index(file) < order.index(wins) and self.draw(st.booleans())):
                lines.append(f'{name} = "{text if file == wins else "no"}"\n')
        return replace(self.literal(text), code=f"var.{name}")


@st.composite
def trees(draw: st.DrawFn, *, arms: bool) -> Maker:
    return Maker(draw, arms=arms)


SLOW = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(trees(arms=True))
@SLOW
def test_every_text_that_an_image_may_be(made: Maker) -> None:
    found = uses(made.files(real=False))
    wanted = {address: frozenset().union(*(each.texts for each in said)) for address, said in made.images().items()}
    assert {address: frozenset(use.texts) for address, use in found.items()} == wanted


@given(trees(arms=False))
@SLOW
def test_a_site_is_what_the_generator_wrote_there(made: Maker) -> None:
    """Other bytes at a site change the images that it drives, at the site's pieces and nowhere else."""
    files = made.files(real=False)
    before = model(files)
    for site, driven in list(before.drives.items())[:4]:
        after = {use.id.full: use for use in model(replaced(files, site, "zz")).uses}
        for use in before.uses:
            wanted = {
                "".join("zz" if getattr(part, "site", None) == site else part.text for part in origin)
                for origin in use.origins
            }
            assert set(after[use.id.full].texts) == wanted
            assert (use in driven) == (told_all(use.origins) != told_all(after[use.id.full].origins))


def told_all(origins: Iterable[Origin]) -> list[str]:
    return [told(origin) for origin in origins]


def as_output(site: Site) -> Site:
    """The site in the tree whose workloads are outputs."""
    path = re.sub(r"^resource\.kubernetes_deployment\.(\w+)\[0\].*", r"output.\1[0].value", site.path)
    return msgspec.structs.replace(site, path=path)


def output_of(address: str) -> str:
    return "_".join(part for part in address.split(".") if part not in ("module", "kubernetes_deployment"))


def real_texts(outputs: Mapping[str, object]) -> dict[str, frozenset[str]]:
    lists = {name: value if isinstance(value, list) else [value] for name, value in outputs.items()}
    return {name: frozenset(map(str, texts)) for name, texts in lists.items()}


@needs_terraform
@given(made=trees(arms=False), at=st.integers(0, 99))
@settings(
    max_examples=max(1, settings().max_examples // 12),
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_terraform_sees_the_same(made: Maker, at: int) -> None:
    """The texts are Terraform's, and another literal changes the outputs that it drives and no other."""
    files, outputs = made.files(real=False), made.files(real=True)
    known = model(files)
    with tempfile.TemporaryDirectory() as folder:
        terraform = Terraform(Path(folder), "s")
        before = real_texts(terraform.outputs(outputs))
        assert before == {output_of(use.id.full): frozenset(use.texts) for use in known.uses}
        site, driven = list(known.drives.items())[at % len(known.drives)]
        assert written(files, site) == written(outputs, as_output(site))
        after = real_texts(terraform.outputs(replaced(outputs, as_output(site), "zz")))
        assert {name for name in before if before[name] != after[name]} == {output_of(use.id.full) for use in driven}
        changed = model(replaced(files, site, "zz"))
        assert after == {output_of(use.id.full): frozenset(use.texts) for use in changed.uses}


@needs_terraform
@given(made=trees(arms=True))
@settings(
    max_examples=max(1, settings().max_examples // 30),
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_terraform_takes_one_of_the_arms(made: Maker) -> None:
    with tempfile.TemporaryDirectory() as folder:
        real = real_texts(Terraform(Path(folder), "s").outputs(made.files(real=True)))
    for use in model(made.files(real=False)).uses:
        assert real[output_of(use.id.full)] <= set(use.texts)
    assert real == {output_of(a): frozenset(each.real for each in said) for a, said in made.images().items()}


def pod(*images: str) -> str:
    inside = "".join(f"      container {{\n        image = {image}\n      }}\n" for image in images)
    return f'resource "kubernetes_pod" "p" {{\n  spec {{\n{inside}  }}\n}}\n'


def test_one_literal_and_all_that_it_drives() -> None:
    shared = 'variable "tag" {\n  default = "1"\n}\n' + workload('"x:${var.tag}"', "m")
    call = 'module "m" {\n  source = "../lib"\n%s}\n'
    files = {
        "a/main.tf": call % "",
        "b/main.tf": call % '  tag = "2"\n',
        "c/main.tf": call % "" + 'locals {\n  i = "y:1"\n}\n' + pod("local.i", "local.i", '"z:1"'),
        "lib/main.tf": shared,
    }
    found = model(files, "a", "b", "c")
    drives = {
        (site.document, site.path.rpartition(".")[2], site.line): [
            f"{use.id.stack}/{use.image.label}" for use in driven
        ]
        for site, driven in found.drives.items()
    }
    assert drives == {
        ("lib/main.tf", "image", 14): ["a/m", "b/m", "c/m"],
        ("lib/main.tf", "default", 2): ["a/m", "c/m"],
        ("b/main.tf", "tag", 3): ["b/m"],
        ("c/main.tf", "i", 5): ["c/container[0]", "c/container[1]"],
        ("c/main.tf", "image", 16): ["c/container[2]"],
    }


def test_an_override_wins() -> None:
    files = {
        "s/main.tf": 'locals {\n  i = "a:1"\n}\nvariable "t" {\n  default = "1"\n}\n'
        + pod("local.i", '"b:1"', '"c:1"'),
        "s/a_override.tf": 'locals {\n  i = "a:2"\n}\nvariable "t" {\n  type = string\n}\n',
        "s/z.tf": 'output "t" {\n  value = var.t\n}\n',
    }
    assert [use.texts for use in model(files).uses] == [("a:2",), ("b:1",), ("c:1",)]
    files["s/override.tf"] = pod("local.i", '"${var.t}"')
    assert [use.texts for use in model(files).uses] == [("a:2",), ("1",)]
    assert {use.image.image.document for use in model(files).uses} == {"s/override.tf"}
    files["s/override.tf"] = 'resource "kubernetes_pod" "p" {\n  lifecycle {}\n}\n'
    assert [use.texts for use in model(files).uses] == [("a:2",), ("b:1",), ("c:1",)]


def test_an_override_of_a_call() -> None:
    files = {
        "s/main.tf": 'module "m" {\n  source = "./m"\n  a = "x:1"\n  b = "y:1"\n}\n',
        "s/override.tf": 'module "m" {\n  b = "y:2"\n}\n',
        "s/m/main.tf": 'variable "a" {}\nvariable "b" {}\n' + pod("var.a", "var.b"),
    }
    assert [use.texts for use in model(files).uses] == [("x:1",), ("y:2",)]


def test_an_override_leaves_what_it_does_not_name() -> None:
    namespace = 'resource "kubernetes_namespace" "n" {\n  %s\n}\n'
    files = {
        "s/main.tf": workload('"a:1"') + namespace % 'metadata {\n    name = "ns"\n  }',
        "s/override.tf": (
            'resource "kubernetes_deployment" "web" {\n  lifecycle {\n    ignore_changes = [spec]\n  }\n}\n'
        )
        + namespace % "timeouts {}",
    }
    (found,) = model(files).workloads
    assert (found.namespaces, found.block.ignored, found.block.document) == (("ns",), ("spec",), "s/main.tf")
    assert model(files).namespaces == {"ns": (ResourceId("s", "", "s", "kubernetes_namespace.n"),)}


def test_namespaces_and_who_lives_in_them() -> None:
    main = (
        'resource "kubernetes_namespace" "n" {\n  for_each = toset(["a", "b"])\n  metadata {\n'
        "    name = each.value\n  }\n}\n"
        'resource "kubernetes_namespace" "o" {\n  metadata {\n    name = "c"\n  }\n}\n'
    )
    for named in (
        "kubernetes_namespace.o.metadata[0].name",
        "kubernetes_namespace.o.metadata.0.name",
        "kubernetes_namespace.o.id",
    ):
        files = {"s/main.tf": main + workload('"a:1"').replace('"ns"', named)}
        assert [each.namespaces for each in model(files).workloads] == [("c",)], named
    names = {name: [address for *_, address in places] for name, places in model(files).namespaces.items()}
    assert names == {
        "a": ["kubernetes_namespace.n"], "b": ["kubernetes_namespace.n"], "c": ["kubernetes_namespace.o"],
    }  # fmt: skip
    assert model(files).namespace_names[BlockId("s", "kubernetes_namespace.n")] == ("a", "b")
    files["s/main.tf"] = workload('"a:1"', head='for_each = { x = "p", y = "q" }').replace('"ns"', "each.value")
    assert [each.namespaces for each in model(files).workloads] == [("p", "q")]
    files["s/main.tf"] = workload('"a:1"').replace('namespace = "ns"', "")
    assert [each.namespaces for each in model(files).workloads] == [("default",)]


@pytest.mark.parametrize(
    ("runs", "name", "at", "found"),
    [
        ('for_each = toset(["a", "b"])', "each.key", '["b"]', "b"),
        ('for_each = { x = "a", "y.z" = "b" }', '"ns-${each.value}"', '["y.z"]', "ns-b"),
        ('for_each = { x = "a" }', "each.value", '["gone"]', None),
        ('for_each = { x = "a" }', "each.value", "", None),
        ("for_each = var.names", "each.value", '["b"]', None),
        ("for_each = var.names", '"b"', '["b"]', None),
        ("count = 2", '"ns-${count.index}"', "[1]", "ns-1"),
        ("count = 2", '"ns-${count.index}"', "[2]", None),
        ("count = var.names ? 1 : 0", '"b"', "[0]", "b"),
        ("count = var.names ? 1 : 0", '"ns-${count.index}"', "[0]", None),
    ],
)
def test_one_instance_of_a_namespace(runs: str, name: str, at: str, found: str | None) -> None:
    main = (
        f'variable "names" {{}}\nresource "kubernetes_namespace" "n" {{\n  {runs}\n'
        f"  metadata {{\n    name = {name}\n  }}\n}}\n"
    )
    files = {"s/main.tf": main + workload('"a:1"').replace('"ns"', f"kubernetes_namespace.n{at}.metadata[0].name")}
    assert [each.namespaces for each in model(files).workloads] == [(found,)]


def test_names_of_a_namespace_in_a_module_of_several_callers() -> None:
    module = 'variable "n" {}\nresource "kubernetes_namespace" "n" {\n  metadata {\n    name = var.n\n  }\n}\n'
    calls = 'module "%s" {\n  source = "../m"\n  n = %s\n}\n'
    files = {"m/main.tf": module, "s/main.tf": calls % ("a", '"x"'), "t/main.tf": calls % ("a", '"y"')}
    assert model(files, "s", "t").namespace_names == {("m", "kubernetes_namespace.n"): ("x", "y")}
    files["t/main.tf"] = calls % ("a", "data.a.b.c")
    assert model(files, "s", "t").namespace_names == {}


BROKEN: dict[str, str | bytes] = {
    "encrypted": "\0GITCRYPT\0abc",
    "a syntax error": 'variable "i" {',
    "not UTF-8": b"\xff\xfe\x00",
    "a conflict": "<<<<<<< a\n=======\n>>>>>>> b\n",
    "too large": "# x\n" * 300_000,
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("name", ["v.tf", "terraform.tfvars", "terragrunt.hcl", "m/main.tf"])
def test_a_file_that_cannot_be_read(name: str, text: str | bytes) -> None:
    main = workload('"a:1"') + workload("var.i", "other") + 'module "m" {\n  source = "./m"\n}\n'
    found = uses({"s/main.tf": main, f"s/{name}": text})
    assert found["kubernetes_deployment.web"].texts == ("a:1",)
    assert found["kubernetes_deployment.other"].texts == (None,)


def test_a_var_file_that_cannot_be_read_is_named() -> None:
    files: dict[str, str | bytes] = {"s/main.tf": workload("var.i"), "s/terraform.tfvars": "\0GITCRYPT\0abc"}
    use = uses(files)["kubernetes_deployment.web"]
    why = "it may be set by s/terraform.tfvars, which cannot be read"
    assert [told(origin) for origin in use.origins] == [f"?var.i < var.i: {why}"]
    assert use.overrides == ("s/terraform.tfvars",)


def test_a_file_that_terragrunt_wrote_is_read() -> None:
    files = {
        "s/main.tf": workload("local.i"),
        "s/tiers.tf": '# Generated by Terragrunt. Sig: x\nlocals {\n  i = "a:1"\n}\n',
    }
    assert uses(files)["kubernetes_deployment.web"].texts == ("a:1",)


def test_files_that_are_not_there() -> None:
    calls = "".join(
        f'module "{name}" {{\n  source = "{source}"\n}}\n'
        for name, source in (
            ("a", "./no"),
            ("b", "../../out"),
            ("c", "registry/x/y"),
            ("d", "./"),
            ("e", "."),
            ("f", ""),
        )
    )
    assert list(uses({"s/main.tf": calls + workload("module.a.image")})) == ["kubernetes_deployment.web"]
    assert model({}).uses == ()
    assert model({"s/main.tf": ""}, "s", "no").uses == ()


@pytest.mark.parametrize(
    "text",
    [
        workload(f"{'(' * 200}local.a{')' * 200}"),
        workload(f"{'f(' * 200}1{')' * 200}"),
        workload(f"{'[' * 200}1{']' * 200}"),
        workload(f"{'{ a = ' * 200}1{' }' * 200}{'.a' * 200}"),
        workload(f'{"x ? " * 200}1{" : 2" * 200}'),
        workload(f"local.a{'[local.a' * 200}{']' * 200}"),
        workload('"a:1"', more='dynamic "container" {\n for_each = [1]\n content {\n' * 200 + "}\n}\n" * 200),
        'module "m" {\n  source = "./m"\n' + "a {\n" * 200 + "}\n" * 200 + "}\n",
    ],
)  # fmt: skip
def test_two_hundred_levels(text: str) -> None:
    assert all(None in use.texts or "a:1" in use.texts for use in model({"s/main.tf": text}).uses)


def test_modules_that_multiply_each_other_end() -> None:
    files = {
        f"s{'/m' * level}/main.tf": "".join(f'module "m{n}" {{\n  source = "./m"\n}}\n' for n in range(3))
        + workload('"a:1"')
        for level in range(6)
    }
    assert len(model(files).uses) == sum(3**level for level in range(6))


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_hostile_documents_make_a_repository(path: Path) -> None:
    data = path.read_bytes()
    files: dict[str, str | bytes] = {"s/main.tf": data, "s/terraform.tfvars": data, "s/terragrunt.hcl": data}
    found = model(files)
    assert json.dumps([use.texts for use in found.uses])
    assert found.drives is not None
    assert found.workloads is not None
    assert found.namespaces is not None


@needs_terraform
def test_terraform_on_forms_that_run_over_maps() -> None:
    """`for_each`, `count` and `dynamic` need a resource: `terraform_data` is built in."""
    head = {"e": 'for_each = { a = { i = "x:1" }, b = { i = "y:${local.t}" } }', "c": "count = length(local.l)"}
    values = {"e": "each.value.i", "c": "local.l[count.index]"}
    start = 'locals {\n  t = "7"\n  l = ["p:1", "q:2"]\n}\n'
    module = 'variable "i" {}\n'
    calls = (
        'module "m" {\n  source   = "./m"\n  for_each = toset(["k", "l"])\n  i        = "z:${each.key}-${local.t}"\n}\n'
    )
    real = {
        "s/main.tf": start + calls + "".join(
            f'resource "terraform_data" "{name}" {{\n  {head[name]}\n  input = {values[name]}\n}}\n'
            f'output "{name}" {{\n  value = [for each in terraform_data.{name} : each.output]\n}}\n'
            for name in head
        ) + 'output "m" {\n  value = [for each in module.m : each.i]\n}\n',
        "s/m/main.tf": module + 'output "i" {\n  value = var.i\n}\n',
    }  # fmt: skip
    known = model({
        "s/main.tf": start + calls + "".join(workload(values[name], name, head[name]) for name in head),
        "s/m/main.tf": module + workload("var.i", "m"),
    })  # fmt: skip
    found: dict[str, set[str | None]] = {}
    for use in known.uses:
        found.setdefault(use.image.label, set()).update(use.texts)
    with tempfile.TemporaryDirectory() as folder:
        assert real_texts(Terraform(Path(folder), "s").outputs(real)) == found
