"""Variables from files in JSON, and from files that Terragrunt writes: nothing of them is ever written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hclmod.hcl.source import is_large
from hclmod.hcl.values import Definition, List, Object, Text
from hclmod.terraform.code import writes_variables
from hclmod.terraform.origins import Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hclmod.hcl.values import Value


def layer(path: str, data: bytes | None) -> Layer:
    """What a var-file in JSON sets; one that is not an object of JSON may set anything."""
    try:
        values = None if is_large(data or b"") else json.loads(data or b"")
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        return Layer(path, {}, complete=False)
    return Layer(path, {name: Definition(path, name, 1, _value(each)) for name, each in values.items()})


def written(paths: Iterable[str], read: Callable[[str], bytes | None]) -> list[Layer]:
    """The var-files that `generate` blocks in these files of Terragrunt write. They may set anything."""
    return [Layer(f"generate of {path}:", {}, complete=False) for path in paths if writes_variables(path, read)]


def _value(value: object) -> Value:
    match value:
        case dict():
            return Object(tuple((str(key), _value(each)) for key, each in value.items()))
        case list():
            return List(tuple(map(_value, value)))
        case str():
            return Text(value, None)
    return Text(json.dumps(value), None)


def beside(paths: Sequence[str]) -> list[str]:
    """Of the files of a folder `*.auto.tfvars`, the last one first, `terraform.tfvars.json` and `terraform.tfvars`."""
    automatic = [path for path in reversed(paths) if path.endswith((".auto.tfvars", ".auto.tfvars.json"))]
    names = ("terraform.tfvars.json", "terraform.tfvars")
    return automatic + [path for name in names for path in paths if path.rpartition("/")[2] == name]
