"""Declared edits made by the verbs, then sabotaged: what nobody declared is never proven."""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING

import hcl2
import pygohcl
import pytest
from hcl2.utils import SerializationOptions
from hypothesis import given
from hypothesis import strategies as st
from lark.exceptions import LarkError

from hclmod.hcl import fixes
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.views import top_level
from hclmod.proof.verdict import AsDeclared, Broken, Same, Unverifiable
from hclmod.proof.verify import rejected, verify
from tests.support.hcl import HOSTILE, applied, needs_terraform, source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hclmod.hcl.source import Source
    from hclmod.hcl.views import Block
    from hclmod.proof.verdict import Verdict

STACK = """\
# The front end.
locals {
  port = 8080
  tags = ["a", "b"]
}

resource "kubernetes_deployment" "web" {
  # renovate: off
  metadata {
    name      = "web"
    namespace = var.namespace
    annotations = {
      "app.example/owner" = "ann" # asks first
      team                = 7
      "a.b/c"             = local.tags[0]
    }
  }
  spec {
    replicas = 1
    paused   = false
    template {
      metadata {
        labels = { app = "web" }
      }
      spec {
        container {
          name    = "web"
          image   = "nginx:1.27.1" # the web
          command = ["sh", "-c", "sleep 1"]
          args    = [for each in local.tags : upper(each) if each != ""]
          env {
            name  = "SCRIPT"
            value = <<-EOT
              # not a comment
              echo ${local.port}
            EOT
          }
          env {
            name  = "PORT"
            value = "${local.port}"
          }
        }
        dynamic "container" {
          for_each = var.sidecars
          content {
            name  = container.value.name
            image = container.value.image
          }
        }
      }
    }
  }
  lifecycle {
    ignore_changes = [spec[0].replicas] // scaled
  }
}

/* the job */
resource "kubernetes_job" "once" {
  metadata { name = "once" }
  spec {
    backoff_limit = (1 + 2) * 3
    suspend       = var.idle ? true : null
  }
}
"""


def web(document: Source) -> Block:
    return top_level(document)[1][1]


def image(document: Source) -> Fix:
    container = web(document).find("spec", "template", "spec", "container")[0]
    value = container.attributes["image"].value
    return fixes.replace(value, b"latest", Span(value.span.end - 7, value.span.end - 1))


def unset(document: Source) -> Fix:
    return fixes.remove(web(document).find("spec")[0].attributes["paused"])


def ignored(document: Source) -> Fix:
    fix = fixes.ensure_items(
        web(document), "ignore_changes", ['metadata[0].annotations["keel.sh/policy"]'], "MARK", inside="lifecycle"
    )
    assert fix is not None
    return fix


def guarded(document: Source) -> Fix:
    fix = fixes.ensure_items(top_level(document)[1][2], "ignore_changes", ["spec"], inside="lifecycle")
    assert fix is not None
    return fix


def annotated(document: Source) -> Fix:
    fix = fixes.ensure_entry(web(document).blocks("metadata")[0], "annotations", "keel.sh/policy", "never")
    assert fix is not None
    return fix


def pulled(document: Source) -> Fix:
    container = web(document).find("spec", "template", "spec", "container")[0]
    fix = fixes.ensure_attribute(container, "image_pull_policy", b'"Always"', after="image")
    assert fix is not None
    return fix


EDITS: tuple[Callable[[Source], Fix], ...] = (image, unset, ignored, guarded, annotated, pulled)
JUDGES = re.compile(r"pygohcl .*\|python-hcl2 .*")


def judged(before: str, after: str | bytes, *fixes: Fix) -> Verdict:
    return verify(source(before), source(after), fixes)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_declared_edit_is_proven(edit: Callable[[Source], Fix], newline: str) -> None:
    before = source(STACK.replace("\n", newline))
    fix = edit(before)

    verdict = verify(before, applied(before, fix), [fix])

    assert isinstance(verdict, AsDeclared), verdict
    assert JUDGES.fullmatch("|".join(verdict.judges))


def test_edits_of_several_rounds_are_judged_together() -> None:
    before = now = source(STACK)
    fixes = []
    for edit in EDITS:
        fixes.append(edit(now))
        now = applied(now, fixes[-1])

    assert isinstance(verify(before, now, fixes), AsDeclared)
    assert isinstance(verify(before, now, fixes[1:]), Broken)
    assert isinstance(verify(before, now, fixes[:-1]), Broken)


def test_nothing_done_is_the_same_whatever_was_declared() -> None:
    assert isinstance(judged(STACK, STACK, image(source(STACK))), Same)


SABOTAGE = {
    "another attribute dropped": ("    replicas = 1\n", ""),
    "an attribute dropped in another resource": ("    backoff_limit = (1 + 2) * 3\n", ""),
    "a value changed": ("replicas = 1", "replicas = 2"),
    "a value changed in a one-line block": ('name = "once"', 'name = "twice"'),
    "a value changed in another kind of block": ("port = 8080", "port = 80"),
    "true becomes 1": ("? true : null", "? 1 : null"),
    "false becomes 0": ("suspend       = var.idle ? true : null", "suspend       = 1"),
    "a number becomes a boolean": ("replicas = 1", "replicas = true"),
    "a number in a map becomes a boolean": ("= 7\n", "= true\n"),
    "a number becomes a string": ("replicas = 1", 'replicas = "1"'),
    "null becomes a string": (": null", ': "null"'),
    "parentheses lost": ("(1 + 2) * 3", "1 + 2 * 3"),
    "an operator": ('each != ""', 'each == ""'),
    "a condition lost": (' if each != ""', ""),
    "two lines glued": ("    replicas = 1\n", "    replicas = 1 "),
    "an attribute doubled": ("    replicas = 1\n", "    replicas = 1\n    replicas = 1\n"),
    "an attribute doubled with another value": ("    replicas = 1\n", "    replicas = 1\n    replicas = 2\n"),
    "a second lifecycle": ("  lifecycle {\n", "  lifecycle {\n  }\n  lifecycle {\n"),
    "a comment lost above": ("  # renovate: off\n", ""),
    "a comment lost behind": (" # asks first", ""),
    "a comment lost between resources": ("/* the job */\n", ""),
    "a comment lost at the top": ("# The front end.\n", ""),
    "a comment reworded": ("# renovate: off", "# renovate: on"),
    "a label": ('"kubernetes_job" "once"', '"kubernetes_job" "twice"'),
    "a resource type": ('"kubernetes_job" "once"', '"kubernetes_cron_job" "once"'),
    "a dot moves between labels": ('"kubernetes_job" "once"', '"kubernetes_job.once" ""'),
    "a label of a nested block": ('dynamic "container"', 'dynamic "init_container"'),
    "a block type": ('resource "kubernetes_job"', 'data "kubernetes_job"'),
    "a reference quoted": ("= var.namespace", '= "var.namespace"'),
    "a string unquoted": ('= "${local.port}"', "= local.port"),
    "an interpolation escaped": ('"${local.port}"', '"$${local.port}"'),
    "an index": ("local.tags[0]", "local.tags[1]"),
    "inside a heredoc": ("echo ${local.port}", "echo ${local.port} "),
    "what looks like a comment in a heredoc": ("# not a comment", "# a comment"),
    "a heredoc keeps its indentation": ("<<-EOT", "<<EOT"),
    "a heredoc becomes a string": (
        "<<-EOT\n              # not a comment\n              echo ${local.port}\n            EOT\n",
        '"# not a comment\\necho ${local.port}\\n"\n',
    ),
    "a string becomes a heredoc": ('"${local.port}"\n', "<<EOT\n${local.port}\nEOT\n"),
    "a block elsewhere": ("/* the job */\n", '/* the job */\nresource "null_resource" "x" {}\n'),
    "a nested block elsewhere": ("    replicas = 1\n", "    replicas = 1\n    strategy {}\n"),
    "an empty block gone": ('        labels = { app = "web" }\n', ""),
    "an item moved to another block": (
        '          env {\n            name  = "PORT"\n            value = "${local.port}"\n          }\n        }\n',
        '        }\n          env {\n            name  = "PORT"\n            value = "${local.port}"\n          }\n',
    ),
    "list items reordered": ('["a", "b"]', '["b", "a"]'),
    "list items reordered elsewhere": ('["sh", "-c", "sleep 1"]', '["-c", "sh", "sleep 1"]'),
    "a list item dropped": ('"-c", ', ""),
    "list items joined": ('"sh", "-c"', '"sh -c"'),
    "a map entry dropped": ('      "a.b/c"             = local.tags[0]\n', ""),
    "a map key renamed": ('"a.b/c" ', '"a.b/d" '),
    "a key computed": ("team                = 7", "(team)              = 7"),
    "a block becomes a map": ("metadata { name", "metadata = { name"),
    "a line commented out": ("    replicas = 1", "    # replicas = 1"),
    "a block commented out": ('metadata { name = "once" }', '# metadata { name = "once" }'),
    "an opened brace": ("metadata { name", "metadata {{ name"),
    "a closing brace lost": ("/* the job */", "{ /* the job */"),
    "garbage behind": ("/* the job */", "\0 /* the job */"),
}


@pytest.mark.sampled(60)
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("place", SABOTAGE.values(), ids=SABOTAGE.keys())
def test_sabotage_is_not_proven(edit: Callable[[Source], Fix], place: tuple[str, str]) -> None:
    before = source(STACK)
    fix = edit(before)
    after = applied(before, fix).data.decode()
    was, becomes = place
    assert was in after, "the sabotage has to find its place"

    verdict = judged(STACK, after.replace(was, becomes), fix)

    assert isinstance(verdict, Broken | Unverifiable), verdict


SWAPS = {
    "two containers' env": (
        r'(          env \{\n            name  = "S.*?\n          \}\n)(.*?\n          \}\n)',
        r"\2\1",
    ),
    "a block and a dynamic one": (
        r'(        container \{\n.*?\n        \}\n)(        dynamic "container" \{\n.*?\n        \}\n)',
        r"\2\1",
    ),
    "two resources": (r'(resource "kubernetes_deployment".*?\n\}\n)\n/\* the job \*/\n(.*)', r"\2\n/* the job */\n\1"),
    "two attributes": (r'(    name      = "web"\n)(    namespace = var.namespace\n)', r"\2\1"),
}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS.keys())
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_what_changed_places_is_not_proven(edit: Callable[[Source], Fix], swap: tuple[str, str]) -> None:
    before = source(STACK)
    fix = edit(before)
    after = applied(before, fix).data.decode()
    swapped = re.sub(*swap, after, count=1, flags=re.DOTALL)
    assert swapped != after
    assert isinstance(judged(STACK, swapped, fix), Broken)


def test_a_line_end_inside_a_heredoc_is_a_change() -> None:
    text = "locals {\r\n  a = 1\r\n  b = <<EOT\r\nx\r\nEOT\r\n}\r\n"
    before = source(text)
    fix = fixes.replace(top_level(before)[1][0].attributes["a"].value, b"2")
    after = applied(before, fix).data

    assert isinstance(judged(text, after, fix), AsDeclared)
    assert isinstance(judged(text, after.replace(b"x\r\n", b"x\n"), fix), Broken)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_what_was_declared_has_to_happen(edit: Callable[[Source], Fix]) -> None:
    before = source(STACK)
    fix = edit(before)
    elsewhere = Fix((), (Declared("resource.kubernetes_job.once[0].spec[0].backoff_limit", Effect.CHANGED),))

    assert isinstance(verify(before, applied(before, fix), [fix, elsewhere]), Broken)
    assert isinstance(judged(STACK, STACK + "\n", fix), Broken)


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_another_effect_than_declared_is_broken(edit: Callable[[Source], Fix], effect: Effect) -> None:
    before = source(STACK)
    fix = edit(before)
    (declared,) = fix.declares
    lie = Fix(fix.edits, (Declared(declared.path, effect),), fix.drops)
    fits = effect is declared.effect or (declared.effect is Effect.EXTENDED and effect is Effect.CHANGED)

    assert isinstance(verify(before, applied(before, fix), [lie]), AsDeclared if fits else Broken)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("command", b'["sh", "-c", "sleep 2"]'),
        ("command", b'["sleep", "-c"]'),
        ("command", b"[]"),
        ("args", b"null"),
        ("name", b'"web2"'),
    ],
)
def test_a_whole_value_may_become_any_other(path: str, text: bytes) -> None:
    before = source(STACK)
    attribute = web(before).find("spec", "template", "spec", "container")[0].attributes[path]
    fix = fixes.replace(attribute.value, text)
    after = applied(before, fix)

    assert isinstance(verify(before, after, [fix]), AsDeclared)
    assert isinstance(judged(STACK, after.data.replace(b"replicas = 1", b"replicas = 3"), fix), Broken)


def test_a_declared_item_allows_no_change_of_its_neighbours() -> None:
    before = source('a = ["x", "y"]\n')
    items = top_level(before)[0]["a"].value.elements()
    assert items is not None
    fix = fixes.replace(items[0], b'"z"')

    assert isinstance(judged('a = ["x", "y"]\n', 'a = ["z", "y"]\n', fix), AsDeclared)
    assert isinstance(judged('a = ["x", "y"]\n', 'a = ["z", "w"]\n', fix), Broken)
    assert isinstance(judged('a = ["x", "y"]\n', 'a = ["z"]\n', fix), Broken)
    assert isinstance(judged('a = ["x", "y"]\n', 'a = "z"\n', fix), Broken)


def test_an_extended_list_keeps_what_it_held() -> None:
    fix = Fix((), (Declared("a", Effect.EXTENDED),))

    assert isinstance(judged("a = [b, c]\n", "a = [b, c, d]\n", fix), AsDeclared)
    for after in ("a = [c, b, d]\n", "a = [b, d]\n", "a = [d, b, c]\n", "a = [b]\n", "a = all\n"):
        assert isinstance(judged("a = [b, c]\n", after, fix), Broken), after


def test_a_list_that_is_reduced_and_extended_stays_a_list() -> None:
    fix = Fix((), (Declared("a", Effect.EXTENDED), Declared("a", Effect.REDUCED)))

    for after in ("a = [c, d, e]\n", "a = [b, d]\n", "a = [c, d]\n"):
        assert isinstance(judged("a = [b, c]\n", after, fix), AsDeclared), after
    for after in ("a = all\n", "a = {}\n", "a = [b, d]\nx = 1\n"):
        assert isinstance(judged("a = [b, c]\n", after, fix), Broken), after


def test_a_dot_that_moves_between_labels_is_seen() -> None:
    text = 'x "a.b" "c" {\n  d = 1\n  e "f.g" "h" {}\n}\n'
    before = source(text)
    fix = fixes.replace(top_level(before)[1][0].attributes["d"].value, b"2")
    after = applied(before, fix).data

    assert isinstance(judged(text, after, fix), AsDeclared)
    assert isinstance(judged(text, after.replace(b'"a.b" "c"', b'"a" "b.c"'), fix), Broken)
    assert isinstance(judged(text, after.replace(b'"f.g" "h"', b'"f" "g.h"'), fix), Broken)


def test_comments_may_go_only_as_declared() -> None:
    text = "locals {\n  # why\n  a = 1 # that\n\n  # why\n  b = 2\n}\n"
    before = source(text)
    fix = fixes.remove(top_level(before)[1][0].attributes["a"])
    after = applied(before, fix)

    assert isinstance(verify(before, after, [fix]), AsDeclared)
    assert isinstance(verify(before, after, [Fix(fix.edits, fix.declares, fix.drops[:1])]), Broken)
    assert isinstance(judged(text, after.data.replace(b"  # why\n", b""), fix), Broken)


# Without pygohcl, and without `terraform`

GLUED = [
    ("    replicas = 1\n", "    replicas = 1 "),
    ("    replicas = 1\n", "    replicas = 1\n    replicas = 1\n"),
    ('metadata { name = "once" }', 'metadata { name = "once" name = "once" }'),
    ('metadata { name = "once" }\n  spec', 'metadata { name = "once" } spec'),
]


@pytest.fixture
def without_gohcl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygohcl", None)


@pytest.fixture
def without_terraform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@pytest.mark.skipif(shutil.which("terraform") is None, reason="NO `terraform` ON THE PATH: it judged nothing")
@pytest.mark.usefixtures("without_gohcl")
def test_terraform_sits_in_for_pygohcl() -> None:
    before = source(STACK)
    fix = image(before)
    after = applied(before, fix)
    verdict = verify(before, after, [fix])

    assert isinstance(verdict, AsDeclared)
    assert verdict.judges[0] == "terraform fmt"
    assert verdict.judges[1].startswith("python-hcl2 ")
    for was, becomes in GLUED:
        assert isinstance(judged(STACK, after.data.decode().replace(was, becomes), fix), Broken)


@pytest.mark.usefixtures("without_gohcl", "without_terraform")
def test_alone_python_hcl2_is_named_alone() -> None:
    for edit in EDITS:
        before = source(STACK)
        fix = edit(before)
        verdict = verify(before, applied(before, fix), [fix])
        assert isinstance(verdict, AsDeclared), verdict
        assert len(verdict.judges) == 1
        assert verdict.judges[0].startswith("python-hcl2 ")


@pytest.mark.sampled(15)
@pytest.mark.usefixtures("without_gohcl", "without_terraform")
@pytest.mark.parametrize("place", [*SABOTAGE.values(), *GLUED])
def test_alone_python_hcl2_is_not_fooled_either(place: tuple[str, str]) -> None:
    before = source(STACK)
    fix = image(before)
    after = applied(before, fix).data.decode().replace(*place)

    assert isinstance(judged(STACK, after, fix), Broken | Unverifiable)


def test_what_the_official_parser_never_read_is_not_proven() -> None:
    before = source("a = 1\na = 1\nb = 2\n")
    fix = fixes.replace(top_level(before)[0]["b"].value, b"3")

    assert isinstance(verify(before, applied(before, fix), [fix]), Broken | Unverifiable)
    assert "Attribute redefined" in (rejected(before) or "")
    assert rejected(source("a = 1\nb = 2\n")) is None


def test_what_was_is_judged_by_the_items_that_a_proven_change_touched() -> None:
    twice, once = source("locals {\n  a = 1\n  a = 1\n}\n" + STACK), source("locals {\n  a = 1\n}\n" + STACK)

    assert rejected(twice, once) == rejected(twice)
    assert "Attribute redefined" in (rejected(twice, once) or "")
    assert rejected(once, source("locals {\n  a = 2\n}\n" + STACK)) is None


def test_a_window_is_enough_where_python_hcl2_does_not_read_the_whole() -> None:
    text = 'locals {\n  b = core::f(1)\n  c = "${\n    1}"\n  n = !!true\n}\n' + STACK
    assert "error" in _meaning(text)
    before = source(text)
    fix = fixes.replace(top_level(before)[1][3].find("spec")[0].attributes["backoff_limit"].value, b"5")
    after = applied(before, fix)

    assert isinstance(verify(before, after, [fix]), AsDeclared)
    assert isinstance(judged(text, after.data.replace(b"suspend ", b"suspends "), fix), Broken)
    assert isinstance(judged(text, after.data.replace(b"!!true", b"!!false"), fix), Broken | Unverifiable)


@pytest.mark.slow
def test_a_deep_value_is_unverifiable_and_no_crash() -> None:
    text = "a = 1\nb = " + "[" * 3000 + "]" * 3000 + "\n"
    before = source(text)
    fix = fixes.replace(top_level(before)[0]["a"].value, b"2")
    assert isinstance(verify(before, applied(before, fix), [fix]), AsDeclared | Unverifiable)
    deeper = Fix((), (Declared("b", Effect.CHANGED),))
    assert not isinstance(judged(text, text.replace("[]", "[1]"), deeper), AsDeclared)


# Random mutations


def _meaning(text: str) -> str:
    """What python-hcl2 reads, as text, in which `true` and `1` differ."""
    try:
        return repr(hcl2.loads(text, serialization_options=SerializationOptions(with_comments=False)))
    except (LarkError, RecursionError):
        return "error"


def _rejected(text: str) -> bool:
    try:
        pygohcl.loads(text)
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError):
        return True
    return False


TOKENS = re.compile(r'"[^"\n]*"|\w+|[^\w\s]|\n[ ]*|[ ]+')


def _mutated(text: str, at: int, how: str) -> str:
    tokens = TOKENS.findall(text)
    assert "".join(tokens) == text
    at %= len(tokens)
    other = {"true": "1", "1": "true", "{": "[", "\n": " "}.get(tokens[at], f'"{tokens[at]}"')
    made = {"delete": "", "double": tokens[at] * 2, "alter": other, "comment": f"#{tokens[at]}"}
    if how == "swap":
        tokens[at : at + 3] = reversed(tokens[at : at + 3])
    else:
        tokens[at] = made[how]
    return "".join(tokens)


@given(
    st.sampled_from(EDITS),
    st.integers(0, 5000),
    st.sampled_from(["delete", "double", "alter", "comment", "swap"]),
)
def test_random_mutations_are_not_proven(edit: Callable[[Source], Fix], at: int, how: str) -> None:
    before = source(STACK)
    fix = edit(before)
    mutant = _mutated(STACK, at, how)
    harmless = not _rejected(mutant) and _meaning(mutant) == _meaning(STACK)
    after = _redone(mutant, fix)
    if harmless or after is None:
        return
    verdict = judged(STACK, after, fix)
    assert isinstance(verdict, Broken | Unverifiable), (how, verdict)


def _redone(mutant: str, fix: Fix) -> str | None:
    """The edits of a fix made in a mutant whose bytes around them are as before; None where they are not."""
    data, shift = mutant, len(mutant) - len(STACK)
    head = next((i for i, (a, b) in enumerate(zip(STACK, mutant, strict=False)) if a != b), len(STACK))
    for edit in sorted(fix.edits, reverse=True):
        start, end = edit.span.start, edit.span.end
        if head <= end + 1 and head + 40 >= start:
            return None
        move = shift if head < start else 0
        data = data[: start + move] + edit.text.decode() + data[end + move :]
    return data


@pytest.mark.sampled(20)
@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_nothing_undeclared_is_proven_in_hostile_documents(path: Path) -> None:
    before = source(path.read_bytes())
    attributes = [each for block in top_level(before)[1] for each in block.attributes.values()]
    for attribute in attributes[:8]:
        fix = fixes.replace(attribute.value, b'"sabotage"')
        try:
            verdict = verify(before, applied(before, fix), [Fix(fix.edits, (Declared("nowhere", Effect.CHANGED),))])
        except UnicodeDecodeError:
            continue  # such a document is never read
        assert isinstance(verdict, Broken | Unverifiable | Same)


def test_a_syntax_error_names_its_line() -> None:
    before = source("a = 1\nb = 2\n")
    fix = Fix((Edit(Span(4, 5), b"["),), (Declared("a", Effect.CHANGED),))
    verdict = judged("a = 1\nb = 2\n", "a = [\nb = 2\n", fix)
    assert isinstance(verdict, Broken)
    assert re.match(r"line \d: syntax error", verdict.paths[0])
    assert before.data


LATE = """\
# a comment



x {
  a = {
    b = !!c
  }
}
"""


@needs_terraform
def test_a_refusal_names_the_line_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygohcl", None)
    verdict = verify(source(LATE.encode()), source(LATE.replace("!!c", "!!d").encode()), [])
    assert isinstance(verdict, Unverifiable)
    assert "does not read x[0]: " in verdict.why
    assert "line 7" in verdict.why
