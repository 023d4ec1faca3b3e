"""What a pin did is taken back byte for byte, whatever the layout; what cannot be is not done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hclmod.config import file
from hclmod.engine import settle
from hclmod.engine.outcomes import Changed, Outcome, Skipped, Unchanged
from hclmod.engine.texts import Hcl
from hclmod.hcl import alignment, fixes, undo
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.images.evidence import Snapshot
from hclmod.proof import parsers
from hclmod.proof.verdict import AsDeclared
from hclmod.proof.verify import verify
from hclmod.rulekit import loading
from hclmod.rulekit.rule import Context
from tests.support import layouts
from tests.support.hcl import attribute, block, formatted, needs_terraform, source

if TYPE_CHECKING:
    from hclmod.hcl.source import Source

P = "spec[0].template[0].spec[0]"
IGNORED = (
    f"{P}.dns_config",
    f"{P}.container[0].image",
    f"{P}.init_container[0].image",
    'metadata[0].annotations["keel.sh/policy"]',
    'metadata[0].annotations["keel.sh/trigger"]',
    "metadata[0].annotations",
    '"spec.0.replicas"',
)


def settled(text: bytes, rule: str, options: dict[str, dict[str, object]]) -> Outcome:
    context = Context(config=file.parse(b"", "hclmod.toml"), tags=Snapshot({}))
    return settle.settle(Hcl(source(text), lambda _rule, _block: True), loading.load([rule], options), context)


PIN: dict[str, dict[str, object]] = {
    "pin": {"to": "3.0.1", "reason": "it crashes", "date": "2026-08-01", "allow_downgrade": True}
}


@st.composite
def lists(draw: st.DrawFn) -> str:
    """A `lifecycle` block with some of the entries, in any layout."""
    text: str = draw(layouts.lifecycles())
    if "ignore_changes" not in text:
        return text
    start, end = text.index("["), text.rindex("]") + 1
    gaps = layouts.INLINE if "{ ignore" in text else None
    return text[:start] + draw(layouts.lists(IGNORED, gaps)) + text[end:]


MAPS = st.sampled_from(
    (
        "",
        "annotations = {}\n",
        'annotations = { "a" = "b" }\n',
        'annotations = { "a" = "b", }\n',
        'annotations = {\n"a" = "b"\n}\n',
        'annotations = {\n"a"   = "b",\n"bcd" = "e", # @\n}\n',
        'annotations = {\n"a" : "b"\n# @\n}\n',
        'annotations = { "keel.sh/policy" = "force" }\n',
        'annotations = {\n"keel.sh/policy" = "force" # @\n"keel.sh/trigger" = "poll"\n}\n',
        'annotations = {\n"keel.sh/policy" = "never"\n}\n',
        "annotations = {\n}\n",
        'annotations = { a = 1,\n"b" = 2 }\n',
    )
)
METADATA = st.sampled_from(
    (
        'metadata {\nname = "w"\n%s}\n',
        'metadata {\nname = "w" # @\nnamespace   = "n"\n%s}\n',
        'metadata { # @\n%sname = "w"\n}\n',
    )
)
IMAGES = st.sampled_from(
    (
        'image = "x/y:3.0.4"\n',
        'image = "x/y:3.0.4" # @\n',
        'image   =   "x/y" // @\nimage_pull_policy = "Always"\n',
        '# @\nimage             = "x/y:latest"\nimage_pull_policy = "Always" # @\n',
        'image = "x/y:3.0.4@sha256:' + "ab" * 32 + '" /* @ */\n',
        '\nimage = "x/y:3.0.1"\n\n',
    )
)
NAMES = st.sampled_from(
    ('name = "w"\n', 'name  = "w" # @\n', "", 'name    = "w"\n', 'command = ["a"]\nname = "w" # @\n')
)
POD = "spec {\ntemplate {\nspec {\n%s}\n}\n}\n"


@st.composite
def workloads(draw: st.DrawFn) -> bytes:
    """A deployment in some layout, indented, aligned or not, with line ends of one or two bytes."""
    container = f"container {{\n{draw(NAMES)}{draw(IMAGES)}}}\n"
    if draw(st.booleans()) and "image = " in container and container.count("\n") == 3:
        container = 'container { image = "x/y:3.0.4" }\n'
    one_line = draw(st.sampled_from((False, False, False, True)))
    metadata = 'metadata { name = "w" }\n' if one_line else draw(METADATA) % draw(MAPS)
    parts = [metadata, POD % container, draw(lists()), draw(layouts.AROUND)]
    order: list[str] = draw(st.permutations(parts))
    text = f'resource "kubernetes_deployment" "w" {{\n{"".join(order)}}}\n'
    data = indented(text).encode()
    if draw(st.booleans()) and (neat := formatted([data])[0]):
        data = neat
    return data.replace(b"\n", b"\r\n") if draw(st.sampled_from((False, False, True))) else data


def indented(text: str) -> str:
    depth, lines = 0, []
    for line in text.split("\n"):
        code = line.split("#")[0]
        depth -= code.strip()[:1] in ("}", "]")
        lines.append(f"{'  ' * depth}{line}" if line.strip() else line)
        opened = sum(map(code.count, "{[")) - sum(map(code.count, "}]"))
        depth += max(opened + (code.strip()[:1] in ("}", "]")), 0)
    return "\n".join(lines)


def valid(data: bytes) -> bool:
    return not isinstance(parsers.official(data), parsers.Rejected)


assert settings.default is not None
few = settings(max_examples=max(settings.default.max_examples // 3, 1))


@needs_terraform
@few
@given(workloads().filter(valid))
def test_unpin_is_the_inverse_of_pin(data: bytes) -> None:
    pinned = settled(data, "pin", PIN)
    assert isinstance(pinned, Changed | Unchanged | Skipped), pinned
    if not isinstance(pinned, Changed):
        return
    assert not isinstance(settled(pinned.after, "pin", PIN), Changed)
    back = settled(pinned.after, "unpin", {})
    assert isinstance(back, Changed), back
    assert back.after == data


@needs_terraform
@few
@given(workloads().filter(valid))
def test_what_is_clean_stays_clean_under_a_pin(data: bytes) -> None:
    pinned = settled(data, "pin", PIN)
    if isinstance(pinned, Changed) and formatted([data])[0] == data:
        assert formatted([pinned.after])[0] == pinned.after


def kept(before: Source, fix: Fix, why: str = "why", *, aligned: bool = True) -> bytes:
    made = undo.keep(before, fix, why, aligned=aligned)
    return alignment.applied(before, sorted(made.edits), columns=made.realign).data


def test_a_replaced_line_stays_above() -> None:
    image = attribute('a {\n  b = "x"\n}\n', "b")
    fix = fixes.replace(image.value, b"y", image.value.quoted)
    assert kept(image.source, fix) == b'a {\n  # hclmod note: why\n  # hclmod was: b = "x"\n  b = "y"\n}\n'
    assert kept(image.source, fix, "") == b'a {\n  # hclmod was: b = "x"\n  b = "y"\n}\n'


def test_columns_that_could_not_be_put_back_are_left() -> None:
    before = block('a {\n  bcd = 1\n  b = "x"\n}\n')

    def make(aligned: bool) -> Fix | None:  # noqa: FBT001 - `proved` calls it so
        value = before.attributes["b"].value
        return undo.keep(before.source, fixes.replace(value, b"y", value.quoted), "why", aligned=aligned)

    fix = undo.proved(before, make)
    assert fix is not None
    after = source(alignment.applied(before.source, sorted(fix.edits), columns=fix.realign).data)
    assert b'  # hclmod unaligned was: b = "x"\n' in after.data
    back = undo.restore(block(after.data))
    assert back is not None
    assert not back.realign
    restored = source(alignment.applied(after, sorted(back.edits), columns=False).data)
    assert restored.data == before.source.data
    assert isinstance(verify(after, restored, [back]), AsDeclared)


def test_an_item_that_shares_its_line_is_kept_with_its_line() -> None:
    before = attribute('a = { b = "x", c = 1 }\n', "a")
    value = before.value.entry("b")
    assert value is not None
    after = kept(before.source, fixes.replace(value, b'"y"'))
    assert after == b'# hclmod note: why\n# hclmod was: a = { b = "x", c = 1 }\na = { b = "y", c = 1 }\n'


def test_what_is_indented_in_an_odd_way_is_left() -> None:
    before = attribute("a {\n    b = [\n  1, 2\n    ]\n}\n", "b")
    fix = Fix((Edit(before.value.span, b"[1]"),), (Declared(before.path, Effect.CHANGED),))
    with pytest.raises(UnfixableError, match="indented in a way"):
        undo.keep(before.source, fix, "why")


def test_a_comment_that_looks_like_a_mark_is_none() -> None:
    for text in ("# hclmod: ignore[pin] why", "# hclmod was", "#hclmod was: a", "// hclmod was: a = 1"):
        assert undo.restore(block(f"a {{\n  {text}\n  b = 1\n}}\n")) is None


def test_only_what_was_done_around_a_span_is_taken_back() -> None:
    text = 'a = {\n  # hclmod was: b = "1"\n  b = "2"\n  # hclmod was: c = "1"\n  c = "2"\n}\n'
    whole = attribute(text, "a")
    value = whole.value.entry("c")
    assert value is not None
    fix = undo.restore(whole, value.span)
    assert fix is not None
    after = alignment.applied(whole.source, sorted(fix.edits)).data
    assert after == b'a = {\n  # hclmod was: b = "1"\n  b = "2"\n  c = "1"\n}\n'
    assert undo.restore(whole, Span(0, 1)) is None


def test_two_parts_that_would_write_the_same_place_are_said() -> None:
    before = block("a { b = 1 }\n")

    def make(aligned: bool) -> Fix | None:  # noqa: FBT001 - `proved` calls it so
        one = fixes.ensure_attribute(before, "c", b"1")
        other = fixes.ensure_attribute(before, "d", b"1")
        assert one is not None
        assert other is not None
        return undo.keep(before.source, one, "", aligned=aligned) + other

    with pytest.raises(UnfixableError, match="would write the same place"):
        undo.proved(before, make)


def test_nothing_to_do_is_nothing_to_prove() -> None:
    assert undo.proved(block("a {}\n"), lambda _aligned: None) is None
