"""Which stacks have to be applied before which, in the forms of Terragrunt."""

from __future__ import annotations

import pytest

from hclmod.terraform.dependencies import dependencies

ONE = 'dependency "%s" {\n  config_path = "%s"\n}\n'
B = ONE % ("b", "../b")
CASES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "nothing": ({"s/a/terragrunt.hcl": 'include "root" {\n  path = find_in_parent_folders()\n}\n'}, ()),
    "no file": ({}, ()),
    "one": ({"s/a/terragrunt.hcl": B}, ("s/b",)),
    "several": ({"s/a/terragrunt.hcl": ONE % ("c", "../c") + ONE % ("b", "../b/")}, ("s/b", "s/c")),
    "a list": ({"s/a/terragrunt.hcl": 'dependencies {\n  paths = ["../b", "../../t/c"]\n}\n'}, ("s/b", "t/c")),
    "both": ({"s/a/terragrunt.hcl": B + 'dependencies {\n  paths = ["../b", "../c"]\n}\n'}, ("s/b", "s/c")),
    "from the root": ({"s/a/terragrunt.hcl": ONE % ("b", "${get_repo_root()}/s/b")}, ("s/b",)),
    "by a local": ({"s/a/terragrunt.hcl": 'locals {\n  b = "../b"\n}\n' + B.replace('"../b"', "local.b")}, ("s/b",)),
    "of an included file": (
        {"s/a/terragrunt.hcl": 'include "e" {\n  path = "../e.hcl"\n}\n', "s/e.hcl": B},
        ("s/b",),
    ),
    "itself": ({"s/a/terragrunt.hcl": ONE % ("a", "../a")}, ()),
    "computed": ({"s/a/terragrunt.hcl": B.replace('"../b"', "run_cmd(1)")}, ()),
    "without a path": ({"s/a/terragrunt.hcl": 'dependency "b" {\n}\ndependencies {\n}\n'}, ()),
    "unreadable": ({"s/a/terragrunt.hcl": "dependency {{{"}, ()),
    "in a comment": ({"s/a/terragrunt.hcl": "# " + B.replace("\n", "\n# ")}, ()),
}


@pytest.mark.parametrize("name", CASES)
def test_dependencies(name: str) -> None:
    files, expected = CASES[name]
    assert dependencies(["s/a"], {path: text.encode() for path, text in files.items()}) == {"s/a": expected}
