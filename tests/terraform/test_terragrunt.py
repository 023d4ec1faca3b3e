"""`terragrunt.hcl` in the forms that real repositories use: where a stack's variables come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.terraform.origins import Hole
from tests.support.trees import Files, model, replaced, told, workload

if TYPE_CHECKING:
    from hclmod.terraform.resources import ImageUse

STACK = "live/prod/app"
MAIN = (
    'variable "tag" {\n  default = "default"\n}\nresource "kubernetes_deployment" "web" {\n  spec {\n    template {\n'
    '      spec {\n        container {\n          image = "x:${var.tag}"\n        }\n      }\n    }\n  }\n}\n'
)
INCLUDE = 'include "root" {\n  path = find_in_parent_folders()\n}\n'
COMMON = 'include "common" {\n  path = find_in_parent_folders("common.hcl")\n}\n'
LATER = 'include {\n  path = find_in_parent_folders("root.hcl")\n}\n'


def use(own: str, **others: str) -> ImageUse:
    (found,) = model(tree(own, **others), STACK).uses
    return found


def tree(own: str, **others: str) -> Files:
    """In a name without a slash `__` stands for one and `_` for a dot."""
    names = {name: name if "/" in name else name.replace("__", "/").replace("_", ".") for name in others}
    files = {names[name]: text for name, text in others.items()}
    return {f"{STACK}/terragrunt.hcl": own, f"{STACK}/main.tf": MAIN, **files}


def tag(own: str, **others: str) -> str:
    """What the tag is, with its chain: the second part of the image."""
    (origin,) = use(own, **others).origins
    return told(origin[1:]) if len(origin) > 1 else ""


OWN = "inputs of live/prod/app/terragrunt.hcl: tag"
ENV = 'locals {\n  tag = "env"\n}\ninputs = {\n  tag = local.tag\n}\n'

FORMS: dict[str, tuple[str, dict[str, str], str, str]] = {
    "nothing": ("", {}, "default", "live/prod/app/main.tf"),
    "inputs": ('inputs = {\n  tag = "1"\n}\n', {}, "1", "live/prod/app/terragrunt.hcl"),
    "inputs of a local": (
        ('locals {\n  t = "1"\n}\ninputs = { tag = local.t }\n'),
        {},
        "1",
        "live/prod/app/terragrunt.hcl",
    ),
    "inputs merged": ('inputs = merge({ tag = "1" }, { tag = "2" })\n', {}, "2", "live/prod/app/terragrunt.hcl"),
    "an include": (INCLUDE, {"terragrunt_hcl": 'inputs = { tag = "root" }\n'}, "root", "terragrunt.hcl"),
    "the nearest one": (
        INCLUDE,
        {"terragrunt_hcl": 'inputs = { tag = "root" }\n', "live__terragrunt_hcl": 'inputs = { tag = "live" }\n'},
        "live",
        "live/terragrunt.hcl",
    ),
    "an include of another name": (LATER, {"root_hcl": 'inputs = { tag = "root" }\n'}, "root", "root.hcl"),
    "an include by its path": (
        'include {\n  path = "../../common.hcl"\n}\n',
        {"live__common_hcl": 'inputs = { tag = "root" }\n'},
        "root",
        "live/common.hcl",
    ),
    "an include by a template": (
        'include {\n  path = "${dirname(find_in_parent_folders("root.hcl"))}/_envcommon/app.hcl"\n}\n',
        {"root_hcl": "", "_envcommon/app.hcl": 'inputs = { tag = "common" }\n'},
        "common",
        "_envcommon/app.hcl",
    ),
    "an include by a local": (
        'locals {\n  up = "../.."\n}\ninclude {\n  path = "${local.up}/common.hcl"\n}\n',
        {"live__common_hcl": 'inputs = { tag = "root" }\n'},
        "root",
        "live/common.hcl",
    ),
    "own inputs over the include's": (
        INCLUDE + 'inputs = { tag = "own" }\n',
        {"terragrunt_hcl": 'inputs = { tag = "root" }\n'},
        "own",
        "live/prod/app/terragrunt.hcl",
    ),
    "an include's locals": (
        (
            'include "root" {\n  path   = find_in_parent_folders()\n  expose = true\n}\n'
            "inputs = { tag = include.root.locals.tag }\n"
        ),
        {"terragrunt_hcl": 'locals {\n  tag = "root"\n}\n'},
        "root",
        "terragrunt.hcl",
    ),
    "a nameless include's locals": (
        "include {\n  path   = find_in_parent_folders()\n  expose = true\n}\ninputs = { tag = include.locals.tag }\n",
        {"terragrunt_hcl": 'locals {\n  tag = "root"\n}\n'},
        "root",
        "terragrunt.hcl",
    ),
    "a file that is read": (
        (
            'locals {\n  env = read_terragrunt_config(find_in_parent_folders("env.hcl"))\n}\n'
            "inputs = { tag = local.env.locals.tag }\n"
        ),
        {"live__prod__env_hcl": ENV},
        "env",
        "live/prod/env.hcl",
    ),
    "a file that is read, in one step": (
        'locals {\n  t = read_terragrunt_config("../env.hcl").locals.tag\n}\ninputs = { tag = local.t }\n',
        {"live__prod__env_hcl": ENV},
        "env",
        "live/prod/env.hcl",
    ),
    "a file that is read, in the inputs": (
        'inputs = merge(read_terragrunt_config(find_in_parent_folders("env.hcl")).inputs, {})\n',
        {"live__prod__env_hcl": ENV},
        "env",
        "live/prod/env.hcl",
    ),
    "a file that is read has locals of its own": (
        'locals {\n  tag = "mine"\n  env = read_terragrunt_config("../env.hcl")\n}\ninputs = local.env.inputs\n',
        {"live__prod__env_hcl": ENV},
        "env",
        "live/prod/env.hcl",
    ),
    "an included file looks from its includer": (
        INCLUDE,
        {
            "terragrunt_hcl": 'locals {\n  env = read_terragrunt_config(find_in_parent_folders("env.hcl"))\n}\n'
            "inputs = merge(local.env.locals)\n",
            "live__prod__env_hcl": ENV,
        },
        "env",
        "live/prod/env.hcl",
    ),
    "a required var-file": (
        (
            'terraform {\n  extra_arguments "v" {\n'
            '    required_var_files = ["${get_repo_root()}/c.tfvars"]\n  }\n}\ninputs = { tag = "own" }\n'
        ),
        {"c_tfvars": 'tag = "file"\n'},
        "file",
        "c.tfvars",
    ),
    "a required var-file of the include": (
        INCLUDE,
        {
            "terragrunt_hcl": (
                'terraform {\n  extra_arguments "v" {\n'
                '    required_var_files = [find_in_parent_folders("c.tfvars")]\n  }\n}\n'
            ),
            "live__prod__c_tfvars": 'tag = "file"\n',
        },
        "file",
        "live/prod/c.tfvars",
    ),
    "the last var-file": (
        (
            'terraform {\n  extra_arguments "v" {\n    required_var_files = ["a.tfvars", "b.tfvars"]\n'
            '    optional_var_files = ["no.tfvars"]\n  }\n}\n'
        ),
        {f"{STACK}/a.tfvars": 'tag = "a"\n', f"{STACK}/b.tfvars": 'tag = "b"\n'},
        "b",
        f"{STACK}/b.tfvars",
    ),
    "a var-file of the same name": (
        INCLUDE + 'terraform {\n  extra_arguments "v" {\n    required_var_files = ["a.tfvars"]\n  }\n}\n',
        {
            "terragrunt_hcl": 'terraform {\n  extra_arguments "v" {\n    required_var_files = ["b.tfvars"]\n  }\n}\n',
            f"{STACK}/a.tfvars": 'tag = "a"\n',
            f"{STACK}/b.tfvars": 'tag = "b"\n',
        },
        "a",
        f"{STACK}/a.tfvars",
    ),
    "a var-file among the arguments": (
        'terraform {\n  extra_arguments "v" {\n    arguments = ["-lock=false", "-var-file=../c.tfvars"]\n  }\n}\n',
        {"live__prod__c_tfvars": 'tag = "file"\n'},
        "file",
        "live/prod/c.tfvars",
    ),
    "a var-file by the folder's name": (
        (
            'terraform {\n  extra_arguments "v" {\n'
            '    required_var_files = ["../${basename(get_terragrunt_dir())}.tfvars"]\n  }\n}\n'
        ),
        {"live__prod__app_tfvars": 'tag = "file"\n'},
        "file",
        "live/prod/app.tfvars",
    ),
    "the environment": (
        (
            'terraform {\n  extra_arguments "v" {\n    env_vars = { TF_VAR_tag = "env", OTHER = 1 }\n'
            '  }\n}\ninputs = { tag = "own" }\n'
        ),
        {},
        "env",
        "live/prod/app/terragrunt.hcl",
    ),
    "tfvars over the inputs": (
        'inputs = { tag = "own" }\n',
        {f"{STACK}/terraform.tfvars": 'tag = "vars"\n'},
        "vars",
        f"{STACK}/terraform.tfvars",
    ),
}

FOR = 'terraform {\n  extra_arguments "v" {\n    commands = %s\n    required_var_files = ["a.tfvars"]\n  }\n}\n'
FILE = {f"{STACK}/a.tfvars": 'tag = "a"\n'}
FORMS |= {
    "an include that is not merged": (
        INCLUDE.replace("\n}", '\n  merge_strategy = "no_merge"\n}'),
        {"terragrunt_hcl": 'inputs = { tag = "root" }\n'},
        "default",
        f"{STACK}/main.tf",
    ),
    "an include that is not merged, by reference": (
        INCLUDE.replace("\n}", '\n  expose = true\n  merge_strategy = "no_merge"\n}')
        + "inputs = { tag = include.root.inputs.tag }\n",
        {"terragrunt_hcl": 'inputs = { tag = "root" }\n'},
        "root",
        "terragrunt.hcl",
    ),
    "an include that is merged in depth": (
        INCLUDE.replace("\n}", '\n  merge_strategy = "deep"\n}'),
        {"terragrunt_hcl": 'inputs = { tag = "root" }\n'},
        "root",
        "terragrunt.hcl",
    ),
    "the last of two includes": (
        INCLUDE + COMMON,
        {"terragrunt_hcl": 'inputs = { tag = "root" }\n', "common_hcl": 'inputs = { tag = "common" }\n'},
        "common",
        "common.hcl",
    ),
    "the first of two includes, where the last sets nothing": (
        INCLUDE + COMMON,
        {"terragrunt_hcl": 'inputs = { tag = "root" }\n', "common_hcl": "inputs = {}\n"},
        "root",
        "terragrunt.hcl",
    ),
    "two includes and its own": (
        INCLUDE + COMMON + 'inputs = { tag = "own" }\n',
        {"terragrunt_hcl": 'inputs = { tag = "root" }\n', "common_hcl": 'inputs = { tag = "common" }\n'},
        "own",
        f"{STACK}/terragrunt.hcl",
    ),
    "arguments that are for destroy": (FOR % '["destroy"]', FILE, "default", f"{STACK}/main.tf"),
    "arguments for nothing": (FOR % "[]", FILE, "default", f"{STACK}/main.tf"),
    "arguments for plan": (FOR % '["destroy", "plan"]', FILE, "a", f"{STACK}/a.tfvars"),
    "arguments for what needs variables": (
        FOR % "get_terraform_commands_that_need_vars()",
        FILE,
        "a",
        f"{STACK}/a.tfvars",
    ),
    "arguments for what needs variables, and more": (
        FOR % 'concat(get_terraform_commands_that_need_vars(), ["output"])',
        FILE,
        "a",
        f"{STACK}/a.tfvars",
    ),
    "arguments for a local": ('locals {\n  c = ["import"]\n}\n' + FOR % "local.c", FILE, "default", f"{STACK}/main.tf"),
    "arguments for destroy that replace others": (
        INCLUDE + FOR % '["destroy"]',
        {"terragrunt_hcl": FOR.replace("a.tf", "../b.tf") % '["apply"]', "live__prod__b_tfvars": 'tag = "b"\n', **FILE},
        "default",
        f"{STACK}/main.tf",
    ),
    "an environment for destroy": (
        (FOR % '["destroy"]').replace('required_var_files = ["a.tfvars"]', 'env_vars = { TF_VAR_tag = "env" }'),
        {},
        "default",
        f"{STACK}/main.tf",
    ),
}


@pytest.mark.parametrize(("own", "others", "text", "document"), FORMS.values(), ids=FORMS)
def test_where_a_variable_comes_from(own: str, others: dict[str, str], text: str, document: str) -> None:
    found = use(own, **others)
    assert found.texts == (f"x:{text}",)
    (site,) = (site for site in found.sites if site.path != found.image.image.path)
    assert site.document == document
    assert found.overrides == ()
    (changed,) = model(replaced(tree(own, **others), site, "NEW"), STACK).uses
    assert changed.texts == ("x:NEW",)


def test_locals_of_a_file_that_is_read_are_its_own() -> None:
    own = 'locals {\n  tag = "own"\n  env = read_terragrunt_config("../env.hcl")\n}\n'
    found = use(
        own + "inputs = { tag = local.env.locals.full }\n",
        live__prod__env_hcl=ENV.replace("}", "  full = local.tag\n}", 1),
    )
    assert found.texts == ("x:env",)


def test_inputs_of_a_file_that_is_read_may_hold_more() -> None:
    own = 'inputs = read_terragrunt_config("../env.hcl").inputs\n'
    found = use(own, live__prod__env_hcl='inputs = merge({ a = 1 }, yamldecode(file("x")))\n')
    assert (found.texts, found.overrides) == (("x:default",), ("inputs of live/prod/app/terragrunt.hcl",))
    found = use(own, live__prod__env_hcl='inputs = merge(yamldecode(file("x")), { tag = 1 })\n')
    assert (found.texts, found.overrides) == (("x:1",), ())


COMPUTED = 'include "late" {\n  path = get_env("X")\n}\n'
ROOT = {"terragrunt_hcl": 'inputs = { tag = "root" }\n'}


def test_a_later_include_that_cannot_be_read_may_win() -> None:
    found = use(INCLUDE + COMPUTED, **ROOT)
    assert (found.texts, found.overrides) == (("x:root",), ("include late of live/prod/app/terragrunt.hcl",))


def test_an_earlier_include_that_cannot_be_read_does_not_win() -> None:
    found = use(COMPUTED + INCLUDE, **ROOT)
    assert (found.texts, found.overrides) == (("x:root",), ())


def test_the_source_of_the_last_include_wins() -> None:
    here = {
        "terragrunt_hcl": 'terraform {\n  source = "../../../a"\n}\n',
        "common_hcl": 'terraform {\n  source = "../../../b"\n}\n',
        "a/main.tf": MAIN,
        "b/main.tf": MAIN.replace("x:", "y:"),
    }
    files = tree(INCLUDE + COMMON, **here)
    del files[f"{STACK}/main.tf"]
    (found,) = model(files, STACK).uses
    assert found.id.folder == "b"


def test_the_chain_names_the_files() -> None:
    own = 'locals {\n  env = read_terragrunt_config("../env.hcl")\n}\ninputs = { tag = local.env.locals.tag }\n'
    assert tag(own, live__prod__env_hcl=ENV) == f"env < {OWN} < local.env @live/prod/env.hcl"


def test_a_variable_on_the_command_line_has_no_place_of_its_own() -> None:
    for arguments in ('["-var", "tag=cli"]', '["-var=tag=cli"]'):
        own = (
            f'terraform {{\n  extra_arguments "v" {{\n    arguments = {arguments}\n  }}\n}}\n'
            f'inputs = {{ tag = "own" }}\n'
        )
        assert tag(own) == "=cli < -var of live/prod/app/terragrunt.hcl: tag"


EXTRA = 'terraform {\n  extra_arguments "v" {\n    %s\n  }\n}\n'

UNREAD = {
    "git-crypt": (EXTRA % 'required_var_files = ["c.tfvars"]', "live/prod/app/c.tfvars"),
    "git-crypt, found above": (EXTRA % 'required_var_files = [find_in_parent_folders("d.tfvars")]', "live/d.tfvars"),
    "missing": (EXTRA % 'required_var_files = ["no.tfvars"]', "live/prod/app/no.tfvars"),
    "computed": (
        EXTRA % 'required_var_files = ["${get_env("X")}.tfvars"]',
        "required_var_files of live/prod/app/terragrunt.hcl",
    ),
    "computed as a whole": (
        EXTRA % "required_var_files = compact([])",
        "required_var_files of live/prod/app/terragrunt.hcl",
    ),
    "on the command line": (EXTRA % 'arguments = ["-var-file=c.tfvars"]', "live/prod/app/c.tfvars"),
    "a computed variable": (EXTRA % 'arguments = ["-var", get_env("X")]', "-var of live/prod/app/terragrunt.hcl"),
    "inputs": ('inputs = yamldecode(file("x"))\n', "inputs of live/prod/app/terragrunt.hcl"),
    "a part of the inputs": (
        'inputs = merge({ a = 1 }, yamldecode(file("x")))\n',
        "inputs of live/prod/app/terragrunt.hcl",
    ),
    "an include": ('include "r" {\n  path = get_env("X")\n}\n', "include r of live/prod/app/terragrunt.hcl"),
    "an include that is missing": (INCLUDE, "include root of live/prod/app/terragrunt.hcl"),
    "an include with an error": ('include "r" {\n  path = "bad.hcl"\n}\n', "include r of live/prod/app/terragrunt.hcl"),
}  # fmt: skip


@pytest.mark.parametrize(("own", "named"), UNREAD.values(), ids=UNREAD)
def test_what_cannot_be_read_may_override(own: str, named: str) -> None:
    crypt = "\0GITCRYPT\0xyz"
    others = {f"{STACK}/c.tfvars": crypt, "live/d.tfvars": crypt, f"{STACK}/bad.hcl": "inputs = {"}
    found = use(own, **others)
    assert found.texts == ("x:default",)
    assert found.overrides == (named,)
    files = tree(own, **others)
    files[f"{STACK}/main.tf"] = MAIN.replace('  default = "default"\n', "")
    (found,) = model(files, STACK).uses
    (hole,) = (part for origin in found.origins for part in origin if isinstance(part, Hole))
    assert hole.why == f"it may be set by {named.rstrip(':')}{':' if ' of ' in named else ''}, which cannot be read"


def test_known_entries_behind_unknown_ones_are_known() -> None:
    assert use('inputs = merge(yamldecode(file("x")), { tag = "1" })\n').texts == ("x:1",)
    assert use('inputs = merge({ tag = "1" }, yamldecode(file("x")))\n').texts == ("x:default",)


def test_only_what_is_stronger_may_override() -> None:
    own = EXTRA % 'required_var_files = ["c.tfvars"]' + 'inputs = { tag = "own" }\n'
    weak = {f"{STACK}/terraform.tfvars": "\0GITCRYPT\0x"}
    assert use(own, **weak, **{f"{STACK}/c.tfvars": 'tag = "c"\n'}).overrides == ()
    assert use(own, **weak, **{f"{STACK}/c.tfvars": "x = 1\n"}).overrides == (f"{STACK}/terraform.tfvars",)
    strong = {f"{STACK}/terraform.tfvars": 'tag = "t"\n', f"{STACK}/c.tfvars": "\0GITCRYPT\0x"}
    assert use(own, **strong).overrides == (f"{STACK}/c.tfvars",)
    assert use(own, **{f"{STACK}/a.auto.tfvars.json": "[]"}).overrides[-1] == f"{STACK}/a.auto.tfvars.json"


def test_an_output_of_another_stack_is_named() -> None:
    own = 'dependency "d" {\n  config_path = "../d"\n}\ninputs = { tag = dependency.d.outputs.tag }\n'
    assert tag(own) == f"?dependency.d.outputs.tag < {OWN}: it is an output of another stack"
    assert tag('inputs = { tag = get_env("TAG") }\n').endswith("what get_env() makes is not followed")


@pytest.mark.parametrize(
    ("own", "others"),
    [
        ('terraform {\n  source = "../../../modules/app"\n}\n', {}),
        ('terraform {\n  source = "../../../modules//app"\n}\n', {}),
        ('terraform {\n  source = "${get_repo_root()}//modules/app"\n}\n', {}),
        ('terraform {\n  source = "${dirname(find_in_parent_folders("root.hcl"))}/modules/app"\n}\n', {"root_hcl": ""}),
        (('terraform {\n  source = "${get_parent_terragrunt_dir("r")}/modules/app"\n}\n'
            'include "r" {\n  path = "../../../root.hcl"\n}\n'), {"root_hcl": ""}),
        (LATER, {"root_hcl": ('terraform {\n'
            '  source = "${get_parent_terragrunt_dir()}/modules/${basename(path_relative_to_include())}"\n}\n')}),
    ],
)  # fmt: skip
def test_a_local_source(own: str, others: dict[str, str]) -> None:
    files = tree(own + 'inputs = { tag = "own" }\n', **others)
    files["modules/app/main.tf"] = files.pop(f"{STACK}/main.tf")
    (found,) = model(files, STACK).uses
    assert (found.id.folder, found.texts) == ("modules/app", ("x:own",))


def test_a_remote_source_is_not_followed() -> None:
    assert use('terraform {\n  source = "git::https://example.org/x"\n}\n').id.folder == STACK


@pytest.mark.parametrize(
    "own",
    [
        'locals {\n  a = read_terragrunt_config("terragrunt.hcl")\n}\ninputs = local.a.inputs\n',
        'locals {\n  a = read_terragrunt_config("${local.a}.hcl")\n}\ninputs = local.a.inputs\n',
        "locals {\n  a = local.b\n  b = local.a\n}\ninputs = local.a\n",
        'include "x" {\n  path = "terragrunt.hcl"\n}\n',
        'include "x" {\n  path = get_parent_terragrunt_dir()\n}\n',
        "include {}\nterraform {}\ninputs = 1\n",
        "inputs = {",
        'terraform {\n  source = local.no\n  extra_arguments {\n    arguments = ["-var"]\n  }\n}\n',
        "locals {\n  a = read_terragrunt_config()\n  b = find_in_parent_folders(1, 2)\n}\ninputs = { tag = local.b }\n",
        'inputs = read_terragrunt_config("../../../../../out.hcl").inputs\n',
    ],
)
def test_what_makes_no_sense_does_no_harm(own: str) -> None:
    found = use(own)
    assert found.origins


def test_a_source_and_the_own_code_of_a_stack_are_one_module() -> None:
    files = {
        "m/main.tf": 'variable "tag" {}\nlocals {\n  a = "1"\n  b = "2"\n}\n' + workload('"x:${local.a}"', "web"),
        "m/twice.tf": 'locals {\n  c = "replaced"\n}\n',
        "s/terragrunt.hcl": 'terraform {\n  source = "../m"\n}\ninputs = {\n  tag = "3"\n}\n',
        "s/extra.tf": workload('"x:${local.b}-${var.tag}-${local.c}-${module.n.d}"', "own"),
        "s/twice.tf": 'locals {\n  c = "4"\n}\nmodule "n" {\n  source = "./n"\n}\n',
        "s/n/main.tf": 'output "d" {\n  value = "5"\n}\n',
        "s/override.tf": 'locals {\n  a = "0"\n}\n',
    }
    found = {(use.id.folder, use.image.label): use.texts for use in model(files).uses}
    assert found == {("m", "web"): ("x:0",), ("s", "own"): ("x:2-3-4-5",)}


def test_a_stack_at_the_root() -> None:
    files = {"terragrunt.hcl": INCLUDE + 'inputs = { tag = "own" }\n', "main.tf": MAIN}
    (found,) = model(files, "").uses
    assert found.texts == ("x:own",)


MAPPED = MAIN.replace("${var.tag}", "${var.tags.web.tag}").replace('"tag" {', '"tags" {').replace('"default"', "{}")
DEEP = INCLUDE.replace("\n}", '\n  merge_strategy = "deep"\n}')


@pytest.mark.parametrize(
    ("own", "tag", "document"),
    [
        ('inputs = { tags = { api = { tag = "9" } } }\n', "root", "terragrunt.hcl"),
        ("inputs = { tags = { web = { port = 1 } } }\n", "root", "terragrunt.hcl"),
        ('inputs = { tags = { web = { tag = "own" } } }\n', "own", "live/prod/app/terragrunt.hcl"),
    ],
)
def test_maps_are_merged_deeply_where_the_include_says_so(own: str, tag: str, document: str) -> None:
    root = 'inputs = { tags = { web = { tag = "root" } } }\n'
    files = {**tree(DEEP + own, terragrunt_hcl=root), f"{STACK}/main.tf": MAPPED}
    (found,) = model(files, STACK).uses
    assert found.texts == (f"x:{tag}",)
    assert document in {site.document for site in found.sites}


@pytest.mark.parametrize(
    ("strategy", "texts"),
    [("deep", ("root:1", "own:2")), ("deep_map_only", ("own:2", None)), ("shallow", ("own:2", None))],
)
def test_lists_are_put_together_where_the_include_says_so(strategy: str, texts: tuple[str | None, ...]) -> None:
    include = INCLUDE.replace("}", f'  merge_strategy = "{strategy}"\n}}')
    first = MAIN.replace('"x:${var.tag}"', "var.images[0]").replace('"tag" {', '"images" {')
    second = MAIN.partition("}\n")[2].replace('"x:${var.tag}"', "var.images[1]").replace('"web"', '"wick"')
    main = first + second
    own = 'inputs = { images = ["own:2"] }\n'
    root = 'inputs = { images = ["root:1"] }\n'
    found = model({**tree(include + own, terragrunt_hcl=root), f"{STACK}/main.tf": main}, STACK).uses
    assert tuple(use.texts[0] for use in found) == texts


def test_what_an_included_file_includes_is_named() -> None:
    files = tree(INCLUDE, terragrunt_hcl='include "up" {\n  path = "../up.hcl"\n}\n')
    (found,) = model(files, STACK).uses
    assert found.overrides == ("include up of terragrunt.hcl",)


def test_maps_are_not_merged_without_that() -> None:
    root = 'inputs = { tags = { web = { tag = "root" } } }\n'
    files = {**tree(INCLUDE + "inputs = { tags = {} }\n", terragrunt_hcl=root), f"{STACK}/main.tf": MAPPED}
    (found,) = model(files, STACK).uses
    assert found.texts == (None,)


def test_values_of_a_unit() -> None:
    files = {**tree("inputs = { tag = values.tag }\n"), f"{STACK}/terragrunt.values.hcl": 'tag = "7"\n'}
    (found,) = model(files, STACK).uses
    assert found.texts == ("x:7",)


UNIT = 'unit "web" {{\n  source = "{source}"\n  path   = "web"\n  values = {{ tag = {tag} }}\n}}\n'


@pytest.mark.parametrize(
    ("stack_file", "texts"),
    [
        (UNIT.format(source="..", tag='"7"'), ("x:7",)),
        ('locals {\n  tag = "7"\n}\n' + UNIT.format(source="${get_repo_root()}/" + STACK, tag="local.tag"), ("x:7",)),
        (UNIT.format(source="..", tag='"7"') + UNIT.format(source="..", tag='"8"'), ("x:7", "x:8")),
        (UNIT.format(source="git::https://git.example/units.git//web", tag='"7"'), (None,)),
        (UNIT.format(source="../elsewhere", tag='"7"'), (None,)),
        (UNIT.format(source="..", tag='"7"').replace("values", "no_values"), (None,)),
    ],
)
def test_what_a_stack_file_gives_a_unit(stack_file: str, texts: tuple[str | None, ...]) -> None:
    path = f"{STACK}/live/terragrunt.stack.hcl"
    (use,) = model({**tree("inputs = { tag = values.tag }\n"), path: stack_file}, STACK).uses
    assert use.texts == texts
    if None not in texts:
        assert {site.document for site in use.sites} == {path, f"{STACK}/main.tf"}


@pytest.mark.parametrize(
    ("contents", "named"),
    [
        ('resource "kubernetes_deployment" "web" {\n}', True),
        ('  module "web" {\n  source = "x"\n}', True),
        ('provider "kubernetes" {\n}', False),
        ('terraform {\n  backend "s3" {}\n}', False),
    ],
)
def test_a_file_that_writes_resources_is_named(contents: str, named: bool) -> None:  # noqa: FBT001
    own = f'generate "x" {{\n  path     = "x.tf"\n  contents = <<EOF\n{contents}\nEOF\n}}\n'
    seen = model(tree(own), STACK)
    assert seen.uses
    assert (f"{STACK}/terragrunt.hcl" in seen.unread) == named
    included = model(tree(INCLUDE, terragrunt_hcl=own), STACK)
    assert included.uses
    assert ("terragrunt.hcl" in included.unread) == named


@pytest.mark.parametrize(
    ("call", "named"),
    [
        ('file("web.tpl")', True),
        ('templatefile("${get_terragrunt_dir()}/web.tpl", {})', True),
        ('file("other.tpl")', False),
    ],
)
def test_a_file_that_writes_resources_of_another_file_is_named(call: str, named: bool) -> None:  # noqa: FBT001
    own = f'generate "x" {{\n  path     = "x.tf"\n  contents = {call}\n}}\n'
    files = {**tree(own), f"{STACK}/web.tpl": 'resource "kubernetes_deployment" "web" {\n}\n'}
    seen = model(files, STACK)
    assert seen.uses
    assert (f"{STACK}/terragrunt.hcl" in seen.unread) == named


@pytest.mark.parametrize(("path", "named"), [("x_override.tf", True), ("override.tf", True), ("overrides.tf", False)])
def test_a_file_that_writes_an_override_file_is_named(path: str, named: bool) -> None:  # noqa: FBT001
    seen = model(tree(f'generate "x" {{\n  path     = "{path}"\n  contents = "locals {{}}"\n}}\n'), STACK)
    assert seen.uses
    assert (f"{STACK}/terragrunt.hcl" in seen.unread) == named


@pytest.mark.parametrize(("path", "named"), [("x.auto.tfvars", True), ("x.auto.tfvars.json", True), ("x.tf", False)])
def test_a_file_that_writes_a_var_file_is_named(path: str, named: bool) -> None:  # noqa: FBT001
    own = f'generate "x" {{\n  path     = "{path}"\n  contents = "x"\n}}\ninputs = {{ tag = "7" }}\n'
    (found,) = model(tree(own), STACK).uses
    assert found.texts == ("x:7",)
    assert found.overrides == ((f"generate of {STACK}/terragrunt.hcl",) if named else ())
