"""From an image to the literals that make it, through which chain, and why it ends where it cannot be followed."""

from __future__ import annotations

import pytest

from hclmod.terraform import origins, trace
from hclmod.terraform.origins import Hole, Piece
from tests.support.trees import Files, literal, model, replaced, told, uses, workload, written

CHILD = 'variable "image" {\n  default = "old:1"\n}\n' + workload("var.image", "in")


def tree(image: str, text: str = "", **others: str) -> Files:
    """`s/main.tf` with a workload of this image; other files by name, `__` for a slash and `_` for a dot."""
    more = {f"s/{name.replace('__', '/').replace('_', '.')}": each for name, each in others.items()}
    return {"s/main.tf": f"{text}\n{workload(image)}", **more}


MAP = 'locals {\n  key = "web"\n  map = {\n    web = "nginx:1"\n    db  = { image = { name = "pg:2" } }\n  }\n}\n'
VAR = 'variable "tag" {\n  default = "1"\n}\n'

FOLLOWED = {
    "literal": (tree('"nginx:1"'), ["nginx:1"]),
    "parentheses": (tree('("nginx:1")'), ["nginx:1"]),
    "template": (tree('"nginx:${var.tag}-cuda"', VAR), ["nginx: + 1 < var.tag + -cuda"]),
    "only an interpolation": (tree('"${var.tag}"', VAR), ["1 < var.tag"]),
    "blanks at the ends": (tree('" a ${var.tag} b "', VAR), [" a  + 1 < var.tag +  b "]),
    "two locals": (
        tree('"${local.a}:${local.b}"', 'locals {\n  a = "nginx"\n  b = "1"\n}\n'),
        ["nginx < local.a + : + 1 < local.b"],
    ),
    "a local of a local": (
        tree("local.a", 'locals { a = "nginx:${local.b}" }\nlocals { b = var.tag }\n' + VAR),
        ["nginx: < local.a + 1 < local.a < local.b < var.tag"],
    ),
    "an interpolation in an interpolation": (
        tree('"a${"b${var.tag}c"}d"', VAR),
        ["a + b + 1 < var.tag + c + d"],
    ),
    "escapes": (tree(r'"a\"b\\c$${d}%%{e}\u0041${var.tag}"', VAR), ['a"b\\c${d}%{e}A + 1 < var.tag']),
    "a number": (tree('"nginx:${var.tag}"', 'variable "tag" {\n  default = 1.10\n}\n'), ["nginx: + =1.1 < var.tag"]),
    "a bool": (tree('"x${true}"'), ["x + =true"]),
    "a default in another file": (
        tree("var.i", v_tf='variable "i" {\n  default = "a:1"\n}\n'),
        ["a:1 < var.i @s/v.tf"],
    ),
    "a map's key in brackets": (tree('local.map["web"]', MAP), ["nginx:1 < local.map"]),
    "a map's key behind a dot": (tree("local.map.web", MAP), ["nginx:1 < local.map"]),
    "deep in an object": (tree('local.map.db["image"].name', MAP), ["pg:2 < local.map"]),
    "a key from a local": (tree("local.map[local.key]", MAP), ["nginx:1 < local.map"]),
    "a key from a template": (tree('local.map["${local.key}"]', MAP), ["nginx:1 < local.map"]),
    "an object in place": (tree('{ web = "nginx:1" }["web"]'), ["nginx:1"]),
    "a part of what is in parentheses": (tree("(local.map).web", MAP), ["nginx:1 < local.map"]),
    "a number as key": (tree("local.m[1]", 'locals {\n  m = { 1 = "nginx:1" }\n}\n'), ["nginx:1 < local.m"]),
    "a list": (tree("local.l[1]", 'locals {\n  l = ["a:1", "b:2"]\n}\n'), ["b:2 < local.l"]),
    "a list, as of old": (tree("local.l.1", 'locals {\n  l = ["a:1", "b:2"]\n}\n'), ["b:2 < local.l"]),
    "a key written twice": (tree("local.m.a", 'locals {\n  m = { a = "x:1", a = "x:2" }\n}\n'), ["x:2 < local.m"]),
    "conditional": (tree('var.x ? "a:1" : "b:2"'), ["a:1", "b:2"]),
    "conditional in a template": (tree('"a:${var.x ? "1" : "2"}"'), ["a: + 1", "a: + 2"]),
    "the same arm twice": (tree("var.x ? local.key : local.key", MAP), ["web < local.key"]),
    "format": (tree('format("%s:%s", "nginx", var.tag)', VAR), ["nginx + =: + 1 < var.tag"]),
    "format with text around": (tree('format("a%%/%s-b", var.tag)', VAR), ["=a%/ + 1 < var.tag + =-b"]),
    "format of a local": (
        tree('format(local.f, "1")', 'locals {\n  f = "nginx:%v"\n}\n'),
        ["=nginx: < local.f + 1"],
    ),
    "join": (tree('join(":", ["nginx", var.tag])', VAR), ["nginx + : + 1 < var.tag"]),
    "join without glue": (tree('join("", ["nginx:", var.tag])', VAR), ["nginx: + 1 < var.tag"]),
    "join of a list from elsewhere": (
        tree('join(":", local.l, ["x"])', 'locals {\n  l = ["a", "b"]\n}\n'),
        ["a < local.l + : + b < local.l + : + x"],
    ),
    "lookup": (tree('lookup(local.map, "web", "b:2")', MAP), ["nginx:1 < local.map"]),
    "lookup by a local": (tree('lookup(local.map, local.key, "b:2")', MAP), ["nginx:1 < local.map"]),
    "lookup of nothing": (tree('lookup(local.map, "no", "b:2")', MAP), ["b:2"]),
    "merge": (tree('merge(local.map, { web = "b:2" })["web"]', MAP), ["b:2"]),
    "merge of a local": (
        tree("local.all.web", MAP + "locals {\n  all = merge(local.map, {})\n}\n"),
        ["nginx:1 < local.all < local.map"],
    ),
    "merge, the first": (tree('merge({ a = "b:2" }, local.map).web', MAP), ["nginx:1 < local.map"]),
    "try, known at once": (tree('try(local.map.web, "b:2")', MAP), ["nginx:1 < local.map"]),
    "try, not there": (tree('try(local.map.no, "b:2")', MAP), ["b:2"]),
    "try, a part not there": (tree('try(local.map.no.image, local.map["nor"], "b:2")', MAP), ["b:2"]),
    "try, unknown": (
        tree('try(data.x.y.z, "b:2")'),
        ["?data.x.y.z: it is a data source", "b:2"],
    ),
    "try, unknown inside a template": (
        tree('try("a:${data.x.y.z}", "b:2")'),
        ["a: + ?data.x.y.z: it is a data source", "b:2"],
    ),
    "coalesce, known at once": (tree('coalesce(var.tag, "2")', VAR), ["1 < var.tag"]),
    "coalesce, empty and null": (
        tree('coalesce(var.a, var.b, "2")', 'variable "a" {\n  default = ""\n}\nvariable "b" {\n  default = null\n}\n'),
        ["2"],
    ),
    "what passes a value on": (tree("tostring(nonsensitive(var.tag))", VAR), ["1 < var.tag"]),
    "for_each over a map": (
        {"s/main.tf": MAP + workload("each.value", head='for_each = { a = "x:1", b = local.key }')},
        ["x:1 < each.value", "web < each.value < local.key"],
    ),
    "for_each over a local, an attribute": (
        {
            "s/main.tf": 'locals {\n  apps = {\n    a = { image = "x:1" }\n    b = { image = "y:2" }\n  }\n}\n'
            + workload("each.value.image", head="for_each = local.apps")
        },
        ["x:1 < each.value < local.apps", "y:2 < each.value < local.apps"],
    ),
    "for_each, by its key": (
        {"s/main.tf": MAP + workload('"x/${local.map[each.key]}"', head='for_each = toset(["web"])')},
        ["x/ + nginx:1 < local.map"],
    ),
    "for_each, the key itself": (
        {"s/main.tf": workload('"x:${each.key}"', head="for_each = { a = 1 }")},
        ["x: + =a < each.key"],
    ),
    "for_each, not in every entry": (
        {"s/main.tf": workload('try(each.value.i, "z:3")', head='for_each = { a = { i = "x:1" }, b = {} }')},
        ["x:1 < each.value", "z:3"],
    ),
    "count": (
        tree("local.l[count.index]", 'locals {\n  l = ["a:1", "b:2"]\n}\n').copy(),
        ["a:1 < local.l", "b:2 < local.l"],
    ),
    "count by length": (
        {
            "s/main.tf": 'locals {\n  l = ["a:1", "b:2"]\n}\n'
            + workload("local.l[count.index]", head="count = length(local.l)")
        },
        ["a:1 < local.l", "b:2 < local.l"],
    ),
    "count that is a condition": (
        {"s/main.tf": workload('"a:1"', head="count = var.on ? 1 : 0")},
        ["a:1"],
    ),
}
FOLLOWED["count"][0]["s/main.tf"] = FOLLOWED["count"][0]["s/main.tf"].replace("{\n  \n", "{\n  count = 2\n", 1)

TFVARS = {
    "tfvars over the default": ("terraform.tfvars", "3 < s/terraform.tfvars tag @s/terraform.tfvars"),
    "auto.tfvars over the default": ("b.auto.tfvars", "3 < s/b.auto.tfvars tag @s/b.auto.tfvars"),
}


@pytest.mark.parametrize(("files", "expected"), FOLLOWED.values(), ids=FOLLOWED)
def test_a_value_that_is_followed(files: Files, expected: list[str]) -> None:
    assert [told(origin) for origin in uses(files)["kubernetes_deployment.web"].origins] == expected
    every_site_is_the_one(files)


def every_site_is_the_one(files: Files) -> None:
    """Other bytes at a site change the text there, in each use that it drives, and no other use."""
    before = model(files)
    for site, driven in before.drives.items():
        assert written(files, site)
        after = {use.id.full: use.texts for use in model(replaced(files, site, "NEW")).uses}
        for use in before.uses:
            parts = [
                "".join("NEW" if isinstance(part, Piece) and part.site == site else part.text for part in origin)
                for origin in use.origins
            ]
            known = [part for part, origin in zip(parts, use.origins, strict=True) if origins.text(origin) is not None]
            assert [text for text in after[use.id.full] if text is not None] == list(dict.fromkeys(known))
            assert (use in driven) == any("NEW" in part for part in parts)


@pytest.mark.parametrize(("name", "expected"), TFVARS.values(), ids=TFVARS)
def test_a_var_file_is_stronger_than_the_default(name: str, expected: str) -> None:
    files = tree("var.tag", VAR) | {f"s/{name}": 'other = 1\ntag = "3"\n'}
    assert [told(origin) for origin in uses(files)["kubernetes_deployment.web"].origins] == [expected]
    every_site_is_the_one(files)


def test_var_files_in_terraforms_order() -> None:
    files = tree("var.tag", VAR)
    for name in ("terraform.tfvars", "a.auto.tfvars", "b.auto.tfvars"):
        files[f"s/{name}"] = f'tag = "{name}"\n'
        assert uses(files)["kubernetes_deployment.web"].texts == (name,)


HOLES = {
    "data source": ("data.http.x.body", "data.http.x.body", "it is a data source"),
    "other stack": ("data.terraform_remote_state.x.outputs.y", None, "it is an output of another stack"),
    "a name": ("t", None, "it is a variable of a `for` expression, or of a template that nothing fills in"),
    "a name with parts": (
        "t.a",
        None,
        "it is a variable of a `for` expression, or of a template that nothing fills in",
    ),
    "resource": ("docker_image.x.name", None, "it is an attribute of a resource"),
    "local": ("local.no", None, "it is not declared"),
    "variable": ("var.no", None, "nothing in the repository sets it"),
    "path": ("path.module", None, "it is known when Terraform runs"),
    "module": ("module.no.image", None, "the module is not in this repository or has no such output"),
    "each": ("each.value", None, "what it runs over cannot be read"),
    "function": ('file("x")', None, "what file() makes is not followed"),
    "function of a local": ("upper(local.key)", None, "what upper() makes is not followed"),
    "operation": ("1 + 2", None, "it is computed"),
    "for": ("[for x in local.map : x]", None, "it is computed"),
    "splat": ("local.map[*].x", None, "it is computed"),
    "strip marker": ('"a ${~ local.key}"', None, "it is computed"),
    "directive": ('"%{ if true }a%{ endif }"', None, "it is computed"),
    "null": ("null", None, "it is null"),
    "object": ("local.map", "object", "it is not text"),
    "no such key": ("local.map.no", None, "there is no such key"),
    "no such item": ("local.list[3]", None, "there is no such key"),
    "computed key": ("local.map[data.x.y.z]", None, "the key is computed"),
    "computed key in the object": ("local.some.web", "web", "a computed key may stand for it"),
    "a part of a text": ("local.key.x", None, "it has no parts"),
    "format": ('format("%05d", 1)', None, "the format is not followed"),
    "format, too few": ('format("%s%s", 1)', None, "the format is not followed"),
    "join": ('join(":", data.x.y.z)', None, "the list cannot be read"),
    "merge": ('merge(local.map, data.x.y.z)["web"]', "web", "a computed key may stand for it"),
    "lookup by an unknown key": ('lookup(local.map, data.x.y.z, "b:2")', None, "the key is computed"),
    "coalesce of nothing": ('coalesce(null, "")', None, "none of its arguments has a value"),
    "heredoc": ("<<EOT\nnginx:1\nEOT\n", "<<EOT nginx:1 EOT", "it is computed"),
}


@pytest.mark.parametrize(("image", "text", "why"), HOLES.values(), ids=HOLES)
def test_a_value_that_is_not_followed_is_named(image: str, text: str | None, why: str) -> None:
    some = 'locals {\n  list = []\n  some = { web = "a:1", (data.x.y.z) = "b:2" }\n}\n'
    (origin,) = uses(tree(image, MAP + some))["kubernetes_deployment.web"].origins
    (hole,) = origin
    assert isinstance(hole, Hole)
    assert (hole.text, hole.why) == (image if text is None else text, why)
    assert origins.text(origin) is None


def test_a_hole_says_where_it_stops() -> None:
    files = tree("local.a", "locals {\n  a = var.b\n}\n", v_tf='variable "b" {\n  default = null\n}\n')
    ((hole,),) = uses(files)["kubernetes_deployment.web"].origins
    assert isinstance(hole, Hole)
    assert (hole.chain, hole.where) == (("local.a", "var.b"), "s/v.tf:2")


def test_a_hole_between_known_parts() -> None:
    use = uses(tree('"a:${data.x.y.z}-${var.tag}"', VAR))["kubernetes_deployment.web"]
    assert told(use.origins[0]) == "a: + ?data.x.y.z: it is a data source + - + 1 < var.tag"
    assert use.texts == (None,)
    assert len(use.sites) == 3


def test_a_long_expression_is_shortened() -> None:
    ((hole,),) = uses(tree(f"[for x in [{'1, ' * 200}] : x]"))["kubernetes_deployment.web"].origins
    assert len(hole.text) == 120


def test_a_site_knows_its_line() -> None:
    site, *_ = uses(tree("local.map.db.image.name", MAP))["kubernetes_deployment.web"].sites
    assert (site.document, site.path, site.line) == ("s/main.tf", "locals[0].map", 5)


MODULES = {
    "an argument": ('image = "a:1"', "a:1 < module.m.image"),
    "no argument": ("", "old:1 < default of module.m.image @s/m/main.tf"),
    "an argument of a variable": ('image = "a:${var.tag}"', "a: < module.m.image + 1 < module.m.image < var.tag"),
    "an argument of a local": ("image = local.key", "web < module.m.image < local.key"),
    "an argument with a fallback": ('image = try(local.map.no, "b:2")', "b:2 < module.m.image"),
    "null": ("image = null", "?null < module.m.image: it is null"),
}


@pytest.mark.parametrize(("argument", "expected"), MODULES.values(), ids=MODULES)
def test_a_module(argument: str, expected: str) -> None:
    files = {"s/main.tf": f'{VAR}{MAP}module "m" {{\n  source = "./m"\n  {argument}\n}}\n', "s/m/main.tf": CHILD}
    use = uses(files)["module.m.kubernetes_deployment.in"]
    assert [told(origin) for origin in use.origins] == [expected]
    every_site_is_the_one(files)


def test_modules_in_modules() -> None:
    middle = (
        'variable "t" {}\nlocals {\n  t = var.t\n}\nmodule "b" {\n  source = "../lib/b"\n  image  = "x:${local.t}"\n}\n'
    )
    files = {
        "s/main.tf": VAR + 'module "a" {\n  source = "../mid"\n  t      = var.tag\n}\n',
        "mid/main.tf": middle,
        "lib/b/main.tf": CHILD,
    }
    use = uses(files)["module.a.module.b.kubernetes_deployment.in"]
    chain = "module.a.module.b.image < local.t < module.a.t < var.tag"
    assert [told(origin) for origin in use.origins] == [
        f"x: < module.a.module.b.image @mid/main.tf + 1 < {chain}",
    ]
    every_site_is_the_one(files)


def test_a_map_is_read_where_it_was_written() -> None:
    """`local.tag` of the caller is not `local.tag` of the module."""
    main = 'locals {\n  tag  = "1"\n  apps = { a = { image = "x:${local.tag}" } }\n}\n'
    main += 'module "m" {\n  source = "./m"\n  apps   = local.apps\n}\n'
    child = 'variable "apps" {}\nlocals {\n  tag = "2"\n  all = merge(var.apps, {})\n}\n'
    for image, head in (
        ("each.value.image", "for_each = var.apps"),
        ("each.value.image", "for_each = local.all"),
        ("local.all.a.image", ""),
        ('var.apps[local.tag == "2" ? "a" : "a"].image', ""),
        ('lookup(var.apps, "a").image', ""),
    ):
        files = {"s/main.tf": main, "s/m/main.tf": child + workload(image, "in", head)}
        assert uses(files)["module.m.kubernetes_deployment.in"].texts == ("x:1",), image
        every_site_is_the_one(files)


def test_a_computed_key_is_read_where_it_is_used() -> None:
    main = 'locals {\n  key = "b"\n}\nmodule "m" {\n  source = "./m"\n  map    = { a = "x:1", b = "x:2" }\n}\n'
    child = 'variable "map" {}\nlocals {\n  key = "a"\n}\n' + workload("var.map[local.key]", "in")
    assert uses({"s/main.tf": main, "s/m/main.tf": child})["module.m.kubernetes_deployment.in"].texts == ("x:1",)


def test_a_variables_type_may_fill_in_what_is_missing() -> None:
    child = 'variable "app" {\n  type = object({ image = optional(string, "opt:1") })\n}\n'
    child += workload('try(var.app.image, "b:2")', "in")
    files = {"s/main.tf": 'module "m" {\n  source = "./m"\n  app    = {}\n}\n', "s/m/main.tf": child}
    assert uses(files)["module.m.kubernetes_deployment.in"].texts == (None, "b:2")


RUNS = {
    "for_each": ('for_each = { x = "a:1", y = "b:2" }', "each.value", {'module.m["x"]': "a:1", 'module.m["y"]': "b:2"}),
    "a set": ('for_each = toset(["x", "y"])', '"a:${each.key}"', {'module.m["x"]': "a:x", 'module.m["y"]': "a:y"}),
    "count": ("count = 2", '["a:1", "b:2"][count.index]', {"module.m[0]": "a:1", "module.m[1]": "b:2"}),
    "a condition": ("count = var.on ? 1 : 0", '"a:1"', {"module.m": "a:1"}),
    "unknown": ("for_each = data.x.y.z", "each.value", {"module.m": None}),
}


@pytest.mark.parametrize(("head", "image", "expected"), RUNS.values(), ids=RUNS)
def test_a_module_that_runs_over_something(head: str, image: str, expected: dict[str, str | None]) -> None:
    call = f'module "m" {{\n  source = "./m"\n  {head}\n  image = {image}\n}}\n'
    found = uses({"s/main.tf": call, "s/m/main.tf": CHILD})
    assert {use.id.module: use.texts for use in found.values()} == {name: (text,) for name, text in expected.items()}


def test_a_modules_output() -> None:
    child = 'variable "t" {}\noutput "image" {\n  value = { full = "a:${var.t}" }\n}\n'
    for head, reference in (
        ("", "module.m.image.full"),
        ("count = 1", "module.m[0].image.full"),
        ("count = var.on ? 1 : 0", "module.m[0].image.full"),
        ("for_each = { x = 1 }", 'module.m["x"].image.full'),
    ):
        main = f'module "m" {{\n  source = "./m"\n  {head}\n  t = "1"\n}}\n' + workload(reference)
        files = {"s/main.tf": main, "s/m/main.tf": child}
        assert uses(files)["kubernetes_deployment.web"].texts == ("a:1",), reference
        every_site_is_the_one(files)


def passed(files: Files) -> list[tuple[str, str]]:
    use = uses(files)["module.m.kubernetes_deployment.in"]
    return [
        (call.name, name)
        for origin in use.origins
        for part in origin
        if isinstance(part, Piece)
        for call, name in part.passed
    ]


def test_a_default_that_a_call_lets_through() -> None:
    main = 'module "m" {\n  source = "./m"\n}\n'
    assert passed({"s/main.tf": main, "s/m/main.tf": CHILD}) == [("m", "image")]
    given = main.replace("}", '  image = "a:1"\n}')
    assert passed({"s/main.tf": given, "s/m/main.tf": CHILD}) == []


@pytest.mark.parametrize(
    "image", ["var.m.a", 'lookup(var.m, "a")', "merge(var.m, {}).a", 'join("", [var.m.a])', "local.all.a"]
)
def test_an_argument_would_set_the_whole_of_a_default(image: str) -> None:
    """So a part of the default cannot be set by it."""
    child = 'variable "m" {\n  default = { a = "x:1" }\n}\nlocals {\n  all = merge(var.m, { b = "c" })\n}\n'
    files = {"s/main.tf": 'module "m" {\n  source = "./m"\n}\n', "s/m/main.tf": child + workload(image, "in")}
    assert uses(files)["module.m.kubernetes_deployment.in"].texts == ("x:1",)
    assert passed(files) == []
    files["s/m/main.tf"] = child + workload("each.value", "in", "for_each = var.m")
    assert passed(files) == []


DYNAMIC = """
        dynamic "container" {
          for_each = %s
          %s
          content {
            name  = "x"
            image = %s
          }
        }
"""


@pytest.mark.parametrize(
    ("over", "iterator", "image"),
    [
        ('["a:1", "b:2"]', "", "container.value"),
        ('[{ i = "a:1" }, { i = "b:2" }]', "", "container.value.i"),
        ('[{ i = "a:1" }, { i = "b:2" }]', "iterator = c", "c.value.i"),
        ("local.l", "", "container.value"),
        ("each.value", "", "container.value"),
    ],
)
def test_a_dynamic_container(over: str, iterator: str, image: str) -> None:
    head = 'for_each = { x = ["a:1"], y = ["b:2"] }' if over == "each.value" else ""
    more = DYNAMIC % (over, iterator, image) + DYNAMIC % ('["c:3"]', "", "container.value")
    files = {"s/main.tf": 'locals {\n  l = ["a:1", "b:2"]\n}\n' + workload('"z:9"', head=head, more=more)}
    found = [use.texts for use in model(files).uses]
    assert found == [("z:9",), ("a:1", "b:2"), ("c:3",)]


def several(last: str, first: str, each: str, number: int) -> str:
    """Locals of which each refers to the one before it."""
    return "\n  ".join([f"a = local.{last}", first, *(each.format(n, n - 1, n - 1) for n in range(1, number + 1))])


CYCLES = {
    "itself": "a = local.a",
    "each other": "a = local.b\n  b = local.a",
    "in a template": 'a = "${local.a}${local.a}${local.a}"',
    "two arms": "a = var.x ? local.a : local.b\n  b = var.x ? local.b : local.a",
    "as key": "a = local.m[local.a]\n  m = { x = local.a }",
    "as key of itself": "a = local.a[local.a]",
    "in functions": "a = try(local.a, coalesce(local.a, lookup(local.a, local.a, local.a)))",
    "in merge": "a = merge(local.a, { x = local.a.x }).x",
    "doubling": several("x30", 'x0 = "x"', 'x{} = "${{local.x{}}}${{local.x{}}}"', 30),
    "choosing": several("x30", 'x0 = "x"\n  y = "y"', "x{} = var.x ? local.x{} : local.y", 30),
    "a long chain": several("x300", 'x0 = "x"', "x{} = local.x{}", 300),
}


@pytest.mark.parametrize("text", CYCLES.values(), ids=CYCLES)
def test_cycles_end(text: str) -> None:
    use = uses(tree("local.a", f"locals {{\n  {text}\n}}\n"))["kubernetes_deployment.web"]
    assert 0 < len(use.origins) <= trace.COMBINATIONS
    assert any(isinstance(part, Hole) for origin in use.origins for part in origin) or set(use.texts) == {"x", "y"}


def test_a_cycle_is_called_one() -> None:
    use = uses(tree("local.a", "locals {\n  a = local.b\n  b = local.a\n}\n"))["kubernetes_deployment.web"]
    assert told(use.origins[0]) == "?local.a < local.a < local.b < local.a: it comes back to itself"


def test_modules_that_feed_each_other_end() -> None:
    main = "".join(
        f'module "{a}" {{\n  source = "./m"\n  image  = module.{b}.image\n}}\n' for a, b in (("a", "b"), ("b", "a"))
    )
    files = {"s/main.tf": main, "s/m/main.tf": CHILD + 'output "image" {\n  value = var.image\n}\n'}
    assert uses(files)["module.a.kubernetes_deployment.in"].texts == (None,)
    files = {
        "s/main.tf": 'module "m" {\n  source = "./m"\n}\n',
        "s/m/main.tf": CHILD + 'module "s" {\n  source = "../"\n}\n',
    }
    assert uses(files)["module.m.kubernetes_deployment.in"].texts == ("old:1",)


def test_a_chain_of_twenty_five_modules() -> None:
    files = {f"s{'/m' * level}/main.tf": ('variable "image" {}\nmodule "m" {\n  source = "./m"\n'
        '  image  = var.image\n}\n') for level in range(1, 25)}  # fmt: skip
    files |= {"s/main.tf": 'module "m" {\n  source = "./m"\n  image  = "a:1"\n}\n', f"s{'/m' * 25}/main.tf": CHILD}
    (use,) = model(files).uses
    assert use.texts == ("a:1",)


def test_what_stands_beside_a_site_is_not_it() -> None:
    files = tree('"nginx:${local.m["nginx:"]}"', 'locals {\n  m = { "nginx:" = "nginx:" }\n}\n')
    site = next(
        part.site
        for part in uses(files)["kubernetes_deployment.web"].origins[0]
        if isinstance(part, Piece) and part.chain
    )
    assert site is not None
    start, end = literal(files, site)
    assert files["s/main.tf"][start - 3 : end + 1] == '= "nginx:"'
    assert uses(replaced(files, site, "x"))["kubernetes_deployment.web"].texts == ("nginx:x",)
