"""What files may hold, by their names."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

CODE = (".tf", ".tofu")
"""The endings of documents that declare resources."""

JSON = (".tf.json", ".tofu.json")
"""The endings of those in the JSON form of the language."""

NATIVE = (*CODE, ".hcl", ".tfvars")
"""The endings of documents in the syntax of HCL."""

ENDINGS = (*NATIVE, *JSON, ".tfvars.json")
"""The files that say where values come from."""

YAML = (".yaml", ".yml", ".json", ".tpl", ".tftpl", ".tmpl", ".template", ".j2")
"""How files end that may hold YAML or JSON, perhaps as a template."""


def from_root(path: str) -> str:
    """A path from the repository's root, empty for the root itself."""
    plain = posixpath.normpath(path.lstrip("/"))
    return "" if plain == "." else plain


def is_yaml(path: str) -> bool:
    """Whether a file may hold YAML or JSON, perhaps as a template."""
    return path.endswith(YAML)


def may_hold_images(path: str) -> bool:
    """Whether a file may be YAML that some form of image stands in."""
    return is_yaml(path) and not path.endswith(ENDINGS)


def is_override(path: str) -> bool:
    """Whether Terraform merges a document over the others of its folder."""
    stem, _, ending = path.rpartition("/")[2].rpartition(".")
    return f".{ending}" in CODE and (stem == "override" or stem.endswith("_override"))


def passed_over(path: str, paths: Collection[str]) -> str:
    """Why a document is not read because of its name; empty for one that is. OpenTofu prefers `.tofu` to `.tf`."""
    if (preferred := _in_place_of(path)) in paths:
        return f"OpenTofu reads {preferred.rpartition('/')[2]} in its place"
    return "JSON syntax, which hclmod does not read" if path.endswith(JSON) else ""


def local_module(folder: str, source: str | None) -> str | None:
    """The folder of a module that lies in this repository, or None."""
    if source is None or not source.startswith(("./", "../")):
        return None
    return posixpath.normpath(posixpath.join(folder, source))


def generates(path: str, read: Callable[[str], bytes | None]) -> str:
    """Why a file of Terragrunt says more than is read: it writes Terraform that declares something; else empty."""
    text = _generating(path, read)
    results = [text, *(read(each) or b"" for each in _copied(path, text))]
    if any(map(_INNER.search, results)):
        return "its `generate` writes resources or modules, which hclmod does not read"
    if _OVERRIDE.search(text):
        return "its `generate` writes an override file, which hclmod does not read"
    return ""


def writes_variables(path: str, read: Callable[[str], bytes | None]) -> bool:
    """Whether a file of Terragrunt writes a var-file."""
    return _VARIABLES.search(_generating(path, read)) is not None


def _generating(path: str, read: Callable[[str], bytes | None]) -> bytes:
    """The text of a file of Terragrunt that has `generate` blocks; empty for any other."""
    text = read(path) or b"" if path.endswith(".hcl") else b""
    return text if b"generate" in text and _GENERATE.search(text) else b""


def _copied(path: str, text: bytes) -> list[str]:
    """The files beside a file of Terragrunt whose text it writes."""
    folder = path.rpartition("/")[0]
    return [posixpath.normpath(f"{folder}/{each.decode()}").lstrip("/") for each in _CONTENTS.findall(text)]


_GENERATE = re.compile(rb"^[ \t]*generate\b", re.MULTILINE)
_INNER = re.compile(rb'^[ \t]*(?:resource\s+"[^"\n]*"\s+"[^"\n]*"|module\s+"[^"\n]*")\s*\{', re.MULTILINE)
_OVERRIDE = re.compile(rb'^[ \t]*path\s*=\s*"(?:[^"\n]*[_/])?override\.(?:tf|tofu)"', re.MULTILINE)
_VARIABLES = re.compile(rb'^[ \t]*path\s*=\s*"[^"\n]*\.tfvars(?:\.json)?"', re.MULTILINE)
_CONTENTS = re.compile(rb'^[ \t]*contents\s*=\s*(?:template)?file\(\s*"(?:\$\{[^}"\n]*\}/)?([^"$\n]+)"', re.MULTILINE)


def _in_place_of(path: str) -> str:
    """The path at which OpenTofu looks before it reads this document."""
    for code, ending in ((".tf", ".tofu"), (".tf.json", ".tofu.json")):
        if path.endswith(code):
            return path.removesuffix(code) + ending
    return ""
