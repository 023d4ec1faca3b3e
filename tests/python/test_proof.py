"""CPython's parser refuses what no fix declares."""

from __future__ import annotations

import pytest

from hclmod.hcl.document import Document
from hclmod.hcl.edits import Declared, Effect, Fix
from hclmod.python import proof, source
from hclmod.python.source import Source

TEXT = """\
from cdktn import App
from cdktn_provider_kubernetes.deployment_v1 import DeploymentV1

TAG = "1.2"  # why
DeploymentV1(
    self, "web", metadata={"name": "web", "labels": {"a": "b"}}, lifecycle={"ignore_changes": ["x", "y"]}
)
OTHER = [1, 2]
"""


def parse(text: str) -> Source:
    result = source.parse(Document("main.py", text.encode()), "")
    assert isinstance(result, Source), result
    return result


def judged(before: str, after: str, *declares: Declared, drops: tuple[bytes, ...] = ()) -> str:
    assert before != after, "there is a change to judge"
    return proof.undeclared(parse(before), parse(after), [Fix((), declares, drops)])


TAG = Declared("locals[0].TAG", Effect.CHANGED)
LIST = "resource.kubernetes_deployment_v1.web[0].lifecycle[0].ignore_changes"
LABELS = "resource.kubernetes_deployment_v1.web[0].metadata[0].labels"


@pytest.mark.parametrize(
    ("old", "new", "declared"),
    [
        ('"1.2"', '"latest"', TAG),
        ('["x", "y"]', '["x", "y", "z"]', Declared(LIST, Effect.EXTENDED)),
        ('["x", "y"]', '["y"]', Declared(LIST, Effect.REDUCED)),
        ('["x", "y"]', '["x", "w", "y"]', Declared(LIST, Effect.REFILLED)),
        ('{"a": "b"}', '{"a": "b", "c": "d"}', Declared(LABELS, Effect.EXTENDED)),
        (', "labels": {"a": "b"}', "", Declared(LABELS, Effect.REMOVED)),
        ("import App", "import App, Token", Declared("import.Token", Effect.ADDED)),
    ],
)
def test_what_is_declared_is_accepted(old: str, new: str, declared: Declared) -> None:
    assert judged(TEXT, TEXT.replace(old, new, 1), declared) == ""


@pytest.mark.parametrize(
    ("old", "new", "declared"),
    [
        ('"1.2"', '"latest"', Declared("locals[0].OTHER", Effect.CHANGED)),
        ("[1, 2]", "[1, 3]", TAG),
        ("[1, 2]", "[1,  2]", TAG),
        ("# why", "# how", TAG),
        ('["x", "y"]', '["y", "x", "z"]', Declared(LIST, Effect.EXTENDED)),
        ('["x", "y"]', '["x", "z"]', Declared(LIST, Effect.EXTENDED)),
        ('["x", "y"]', '["y", "x"]', Declared(LIST, Effect.REDUCED)),
        ('{"a": "b"}', '{"a": "c", "c": "d"}', Declared(LABELS, Effect.EXTENDED)),
        (', "labels": {"a": "b"}', "", Declared(LIST, Effect.REMOVED)),
        ("import App", "import App, Token", Declared("import.App", Effect.ADDED)),
        ("OTHER = [1, 2]", "OTHER = [1, 2]\nMORE = 1", TAG),
        ('"web", metadata', "name, metadata", TAG),
    ],
)
def test_anything_else_is_refused(old: str, new: str, declared: Declared) -> None:
    assert judged(TEXT, TEXT.replace(old, new, 1), declared) != ""


def test_one_of_several_declared_effects_is_enough() -> None:
    both = (Declared(LIST, Effect.EXTENDED), Declared(LIST, Effect.REFILLED))
    assert judged(TEXT, TEXT.replace('["x", "y"]', '["x", "w", "y"]'), *both) == ""
    assert judged(TEXT, TEXT.replace('["x", "y"]', '["w", "y"]'), *both) != ""


def test_a_list_that_one_fix_reduces_and_another_extends_may_be_rearranged() -> None:
    both = (Declared(LIST, Effect.EXTENDED), Declared(LIST, Effect.REDUCED))
    assert judged(TEXT, TEXT.replace('["x", "y"]', '["y", "w"]'), *both) == ""
    assert judged(TEXT, TEXT.replace('["x", "y"]', '"all"'), *both) != ""


def test_a_comment_that_goes_has_to_be_declared() -> None:
    after = TEXT.replace("  # why", "").replace('"1.2"', '"1"')
    assert "a comment is lost" in judged(TEXT, after, TAG)
    assert judged(TEXT, after, TAG, drops=(b"# why",)) == ""


def test_what_libcst_reads_and_python_does_not_compile_is_refused() -> None:
    assert proof.rejected(parse("return 1\n"))
    assert proof.rejected(parse("x = 1\n")) is None
