from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hclmod.hcl import fixes, syntax, views
from hclmod.hcl.edits import Fix, Span
from hclmod.hcl.source import Source, unreadable
from tests.support import layouts
from tests.support.hcl import HOSTILE, applied, attribute, block, formatted, needs_terraform, source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hclmod.hcl.views import Attribute, Block


WANTED = ('metadata[0].annotations["keel.sh/policy"]', 'metadata[0].annotations["keel.sh/trigger"]')


def comments(of: Source) -> list[bytes]:
    found = sorted(syntax.comments(of.tree.root_node), key=lambda node: node.start_byte)
    return [b" ".join(of.text(comment).split()) for comment in found]


def essence(data: bytes) -> bytes:
    """What is left without blanks, commas and brackets: an appending verb may move nothing else."""
    return re.sub(rb"[\s,\[\]{}]", b"", data)


def is_subsequence(part: list[bytes], whole: list[bytes]) -> bool:
    rest = iter(whole)
    return all(each in rest for each in part)


def accepted(data: bytes) -> bool:
    pygohcl = pytest.importorskip("pygohcl", reason="NO pygohcl: nothing was read by HashiCorp's parser")
    try:
        pygohcl.loads(data.decode("utf-8-sig"))
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError):
        return False
    return True


def run(data: bytes, verb: Callable[[Block], Fix | None]) -> bytes | None:
    """The document after the verb was done on its first block, None where it had nothing to do or refused."""
    before = source(data)
    assert syntax.error_offset(before.tree) is None, data.decode()
    assert accepted(data), data.decode()
    try:
        fix = verb(views.top_level(before)[1][0])
    except fixes.UnfixableError:
        return None
    if fix is None:
        return None
    after = applied(before, fix)
    shown = f"{data.decode()}\n--- became ---\n{after.data.decode()}"
    assert syntax.error_offset(after.tree) is None, shown
    assert accepted(after.data), shown
    lost = Counter(comments(before)) - Counter(comments(after)) - Counter(b" ".join(d.split()) for d in fix.drops)
    assert not lost, shown
    assert not Counter(b" ".join(d.split()) for d in fix.drops) - (
        Counter(comments(before)) - Counter(comments(after))
    ), shown
    if not fix.drops:
        assert is_subsequence(comments(before), comments(after)), shown
    assert data.endswith(b"\n") or not after.data.endswith(b"\n"), shown
    if data.count(b"\n") == data.count(b"\r\n") > 0:
        assert after.data.count(b"\n") == after.data.count(b"\r\n"), shown
    return after.data


def stays_clean(
    strategy: st.SearchStrategy[bytes], verb: Callable[[Block], Fix | None], check: Callable[[bytes, bytes], None]
) -> None:
    """Do the verb on what was drawn, as drawn and as `terraform fmt` writes it; the latter stays as that writes it."""
    drawn: list[bytes] = []

    @settings(database=None)
    @given(strategy)
    def collect(data: bytes) -> None:
        drawn.append(data)
        if (after := run(data, verb)) is not None:
            check(data, after)
            assert run(after, verb) is None, after.decode()

    collect()
    clean = [text for text in formatted(drawn) if text is not None]
    pairs = [(text, after) for text in clean if (after := run(text, verb)) is not None]
    for (before, ours), theirs in zip(pairs, formatted([after for _, after in pairs]), strict=True):
        assert theirs is not None, ours.decode()
        assert ours.decode() == theirs.decode(), before.decode()


def ignore_drift(resource: Block) -> Fix | None:
    return fixes.ensure_items(resource, "ignore_changes", WANTED, "MARK", inside="lifecycle")


def ignored(data: bytes) -> list[str]:
    (lifecycle,) = block(data).blocks("lifecycle")
    return [element.text for element in lifecycle.attributes["ignore_changes"].value.elements() or ()]


def check_ignored(before: bytes, after: bytes) -> None:
    lifecycle = block(before).blocks("lifecycle")
    held = ignored(before) if lifecycle and lifecycle[0].attribute("ignore_changes") else []
    assert ignored(after) == [*held, *WANTED], after.decode()
    written = essence("".join([*WANTED, "#MARK"]).encode())
    assert essence(after).count(written) == 1
    left = essence(after).replace(written, b"")
    assert left.replace(b"lifecycle", b"").replace(b"ignore_changes=", b"") == essence(before).replace(
        b"lifecycle", b""
    ).replace(b"ignore_changes=", b""), after.decode()


def done(text: str, verb: Callable[[Block], Fix | None]) -> str | None:
    after = run(text.encode(), verb)
    return None if after is None else after.decode()


def resource(body: str) -> str:
    return f'resource "a" "b" {{\n{body}}}\n'


LISTED = """\
    ignore_changes = [
      metadata[0].annotations["keel.sh/policy"],
      metadata[0].annotations["keel.sh/trigger"], # MARK
    ]
"""
NEW = f"  lifecycle {{\n{LISTED}  }}\n"
BOTH = """\
    ignore_changes = [
      dns,COMMENT
      metadata[0].annotations["keel.sh/policy"],
      metadata[0].annotations["keel.sh/trigger"], # MARK
    ]
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", NEW, id="an empty resource"),
        pytest.param("  a = 1\n", "  a = 1\n" + NEW, id="no lifecycle"),
        pytest.param("  a = 1\n\n  b {}\n", "  a = 1\n\n  b {}\n\n" + NEW, id="blocks set off by blank lines"),
        pytest.param("  lifecycle {}\n", NEW, id="an empty lifecycle"),
        pytest.param(
            "  lifecycle { prevent_destroy = true } # c\n",
            f"  lifecycle {{\n    prevent_destroy = true\n{LISTED}  }} # c\n",
            id="a lifecycle on one line with something else",
        ),
        pytest.param(
            "  lifecycle { ignore_changes = [dns] } # V1\n",
            f"  lifecycle {{\n{BOTH.replace('COMMENT', ' # V1')}  }}\n",
            id="a lifecycle on one line: its comment goes to the item",
        ),
        pytest.param(
            "  lifecycle {\n    ignore_changes = [dns] # V1\n  }\n",
            f"  lifecycle {{\n{BOTH.replace('COMMENT', ' # V1')}  }}\n",
            id="the comment behind the bracket goes to the item",
        ),
        pytest.param(
            "  lifecycle {\n    # V1: why\n    ignore_changes = [dns]\n  }\n",
            f"  lifecycle {{\n    # V1: why\n{BOTH.replace('COMMENT', '')}  }}\n",
            id="the comment above stays above",
        ),
        pytest.param(
            "  lifecycle {\n    ignore_changes = [dns] /* V1\n      two */\n  }\n",
            f"  lifecycle {{\n{BOTH.replace('COMMENT', ' /* V1' + chr(10) + '      two */')}  }}\n",
            id="a comment of two lines is moved whole",
        ),
        pytest.param(
            "  lifecycle {\n    ignore_changes = [\n      dns # V1\n    ]\n  }\n",
            f"  lifecycle {{\n{BOTH.replace('COMMENT', ' # V1')}  }}\n",
            id="no trailing comma",
        ),
        pytest.param(
            "  lifecycle {\n    prevent_destroy = true\n    ignore_changes  = [dns]\n  }\n",
            f"  lifecycle {{\n    prevent_destroy = true\n{BOTH.replace('COMMENT', '')}  }}\n",
            id="an opened list leaves the column of its neighbours",
        ),
        pytest.param(
            "  lifecycle {\n    ignore_changes = []\n  }\n", f"  lifecycle {{\n{LISTED}  }}\n", id="an empty list"
        ),
        pytest.param(
            "  lifecycle {\n    ignore_changes = [dns,\n    ]\n  }\n",
            "  lifecycle {\n    ignore_changes = [dns,\n" + LISTED.split("\n", 1)[1] + "  }\n",
            id="a list that begins on the line of its bracket",
        ),
        pytest.param(
            "  a {\n    lifecycle {\n      x = 1\n    }\n  }\n",
            f"  a {{\n    lifecycle {{\n      x = 1\n    }}\n  }}\n{NEW}",
            id="a lifecycle of a nested block is another thing",
        ),
    ],
)
def test_items(before: str, after: str) -> None:
    assert done(resource(before), ignore_drift) == resource(after)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("  lifecycle {\n    ignore_changes = all\n  }\n", id="all"),
        pytest.param("  lifecycle {\n    ignore_changes = [metadata]\n  }\n", id="a wider entry"),
        pytest.param("  lifecycle {\n    ignore_changes = [metadata[0].annotations]\n  }\n", id="the whole map"),
        pytest.param(
            '  lifecycle {\n    ignore_changes = ["metadata.0.annotations"]\n  }\n', id="as it was written once"
        ),
        pytest.param(f"  lifecycle {{ ignore_changes = [{', '.join(reversed(WANTED))}] }}\n", id="in another order"),
    ],
)
def test_nothing_is_missing(body: str) -> None:
    assert ignore_drift(block(resource(body))) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("  lifecycle {}\n  lifecycle {}\n", "there are 2 `lifecycle` blocks"),
        ("  lifecycle {\n    ignore_changes = var.x\n  }\n", "`var.x`, not a list"),
        ("  lifecycle {\n    ignore_changes = concat([a],\n      [b])\n  }\n", "not a list"),
        ("  lifecycle { /* c */ ignore_changes = [a] }\n", "more than this attribute"),
        ("  lifecycle {\n    a = 1 }\n", "closing brace"),
        ("  lifecycle {\n    ignore_changes = [<<E\nx\nE\n    ]\n  }\n", "heredoc"),
    ],
)
def test_items_refused(body: str, why: str) -> None:
    with pytest.raises(fixes.UnfixableError, match=re.escape(why)):
        ignore_drift(block(resource(body)))


def test_what_is_no_traversal_is_a_bug() -> None:
    with pytest.raises(ValueError, match="not a static traversal"):
        fixes.ensure_items(block("x {\n}\n"), "ignore_changes", ["a[*]"])


def test_only_what_is_missing_is_added() -> None:
    held = resource(f"  lifecycle {{\n    ignore_changes = [{WANTED[1]}] # MARK\n  }}\n")
    assert fixes.missing_items(block(held), "ignore_changes", WANTED, inside="lifecycle") == WANTED[:1]
    assert done(held, ignore_drift) == resource(
        f"  lifecycle {{\n    ignore_changes = [\n      {WANTED[1]}, # MARK\n      {WANTED[0]},  # MARK\n    ]\n  }}\n"
    )


def enroll(metadata: Block) -> Fix | None:
    return fixes.ensure_entry(metadata, "labels", "k/e", "true")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '  labels = {\n    "k/e" = "true"\n  }\n'),
        ('  name = "x" # c\n', '  name = "x" # c\n  labels = {\n    "k/e" = "true"\n  }\n'),
        ("  labels = {}\n", '  labels = {\n    "k/e" = "true"\n  }\n'),
        ("  labels = {} # c\n", '  labels = {\n    "k/e" = "true"\n  } # c\n'),
        ("  labels = { a = 1 }\n", '  labels = { a = 1, "k/e" = "true" }\n'),
        ("  labels = {\n    a = 1\n  }\n", '  labels = {\n    a     = 1\n    "k/e" = "true"\n  }\n'),
        ("  labels = {\n    a = 1,\n  }\n", '  labels = {\n    a     = 1,\n    "k/e" = "true",\n  }\n'),
        ('  labels = {\n    "a" : 1\n  }\n', '  labels = {\n    "a" : 1\n    "k/e" : "true"\n  }\n'),
        (
            '  labels = {\n    "a" : 1\n    b = 2\n  }\n',
            '  labels = {\n    "a" : 1\n    b     = 2\n    "k/e" = "true"\n  }\n',
        ),
        ("  labels = {\n    a = 1 }\n", '  labels = {\n    a     = 1,\n    "k/e" = "true"\n  }\n'),
        ("  labels = {\n    # c\n  }\n", '  labels = {\n    # c\n    "k/e" = "true"\n  }\n'),
        ("  labels = merge(local.x, { a = 1 })\n", '  labels = merge(local.x, { a = 1, "k/e" = "true" })\n'),
        ("  labels = merge(local.x, {})\n", '  labels = merge(local.x, {\n    "k/e" = "true"\n  })\n'),
        (
            "  labels = merge(local.x, {\n    a = 1\n  })\n",
            '  labels = merge(local.x, {\n    a     = 1\n    "k/e" = "true"\n  })\n',
        ),
        ('  name   = "x"\n  labels = {}\n', '  name = "x"\n  labels = {\n    "k/e" = "true"\n  }\n'),
    ],
)
def test_entry(before: str, after: str) -> None:
    assert done(f"metadata {{\n{before}}}\n", enroll) == f"metadata {{\n{after}}}\n"


@pytest.mark.parametrize(
    "labels",
    [
        "  labels = { a = 1 }\n",
        "  labels = merge(local.x, { a = 1 })\n",
        "  labels = {\n    a = 1\n  }\n",
        "  labels = {\n    a = 1,\n  }\n",
        '  labels = {\n    "a" : 1 # c\n  }\n',
        "  labels = merge(local.x, {})\n",
        "  name = 1\n",
    ],
)
def test_an_entry_that_was_added_is_removed(labels: str) -> None:
    text = f"metadata {{\n{labels}}}\n"
    enrolled = done(text, enroll)
    assert enrolled is not None
    assert done(enrolled, unenroll) == text


def unenroll(metadata: Block) -> Fix | None:
    return fixes.remove_entry(metadata, "labels", "k/e")


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ('{ "k/e" = 1, a = 2, }', "{ a = 2, }"),
        ('{ a = 2, "k/e" = 1, }', "{ a = 2, }"),
        ('{ "k/e" = 1, a = 2 }', "{ a = 2 }"),
        ('{\n    # why\n    "k/e" = 1 # c\n    a = 2\n  }', "{\n    a = 2\n  }"),
        ('{\n    # a = 1\n    "k/e" = 1\n  }', "{\n    # a = 1\n  }"),
        ('{\n    a = 2,\n    "k/e" = 1\n  }', "{\n    a = 2,\n  }"),
        ('merge({ "k/e" = 1 }, local.x)', "merge({}, local.x)"),
    ],
)
def test_an_entry_is_removed_with_what_it_owns(value: str, after: str) -> None:
    assert done(f"x {{\n  labels = {value}\n}}\n", unenroll) == f"x {{\n  labels = {after}\n}}\n"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ('{ a = 1, /* c */ "k/e" = 1 }', "shares its lines"),
        ('{\n    a = 1,\n    "k/e" = 1 }', "shares its lines"),
        ('merge({ "k/e" = 1 }, { "k/e" = 2 })', "twice"),
        ('{ "k/e" = 1, "k/e" = 2 }', "twice"),
    ],
)
def test_an_entry_that_is_not_removed(value: str, why: str) -> None:
    with pytest.raises(fixes.UnfixableError, match=why):
        unenroll(block(f"x {{\n  labels = {value}\n}}\n"))


def test_an_entry_that_is_not_there_is_not_removed() -> None:
    assert unenroll(block("x {\n  labels = merge(local.x, { a = 1 })\n}\n")) is None
    assert unenroll(block("x {\n  name = 1\n}\n")) is None


@pytest.mark.parametrize("value", ['"true"', '"false"', "var.x"])
def test_an_entry_that_is_there_stays(value: str) -> None:
    assert enroll(block(f'x {{\n  labels = {{ "k/e" : {value} }}\n}}\n')) is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("local.labels", "not a map"),
        ("merge({}, local.labels)", "not a map"),
        ("merge(local.labels, [{}]...)", "not a map"),
        ("concat(local.labels, {})", "not a map"),
        ("{ (x) = 1 }", "computed keys"),
        ("{ for k, v in x : k => v }", "not a map"),
    ],
)
def test_entry_refused(value: str, why: str) -> None:
    with pytest.raises(fixes.UnfixableError, match=why):
        enroll(block(f"x {{\n  labels = {value}\n}}\n"))


def drop(of: Block) -> Fix | None:
    return fixes.remove(of.attributes["it"]) if of.attribute("it") else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x {\n  it = 1\n}\n", "x {\n}\n"),
        ("x { it = 1 }\n", "x {}\n"),
        ("x { /* c */ it = 1 }\n", "x { /* c */ }\n"),
        ("x {\n  a = 1\n  # why\n  it = 1 # c\n  b = 2\n}\n", "x {\n  a = 1\n  b = 2\n}\n"),
        ("x {\n  # section\n\n  it = 1\n}\n", "x {\n  # section\n}\n"),
        ("x {\n  # b = 1\n  it = 1\n}\n", "x {\n  # b = 1\n}\n"),
        ("x {\n  a = 1\n\n  it = 1\n\n  b = 2\n}\n", "x {\n  a = 1\n\n  b = 2\n}\n"),
        ("x {\n  it = 1\n\n  b = 2\n}\n", "x {\n  b = 2\n}\n"),
        ("x {\n  b = 2\n\n  it = 1\n}\n", "x {\n  b = 2\n}\n"),
        ("x {\n  it = 1 /* a\n   b */\n  c = 2\n}\n", "x {\n  c = 2\n}\n"),
        ("x {\n  it = [ # in\n    1, # one\n  ]\n  c = 2\n}\n", "x {\n  c = 2\n}\n"),
        ("x {\n  it /* in */ = 1\n  c = 2\n}\n", "x {\n  c = 2\n}\n"),
        (
            "x {\n  a      = 1\n  it     = 1\n  b      = 2\n  longer = 1\n}\n",
            "x {\n  a      = 1\n  b      = 2\n  longer = 1\n}\n",
        ),
        ("x {\n  a  = 1\n  it = 1\n}\n", "x {\n  a = 1\n}\n"),
        ("x {\r\n  it = 1\r\n}\r\n", "x {\r\n}\r\n"),
        ("x {\n  it = <<E\n  b = 1\nE\n}\n", "x {\n}\n"),
    ],
)
def test_remove(before: str, after: str) -> None:
    assert done(before, drop) == after


def add(of: Block) -> Fix | None:
    return fixes.ensure_attribute(of, "new", b"1", after="it")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x {\n  it = 2\n  b  = 3\n}\n", "x {\n  it  = 2\n  new = 1\n  b   = 3\n}\n"),
        ("x {\n  it = 2 # c\n}\n", "x {\n  it  = 2 # c\n  new = 1\n}\n"),
        ("x {\n  it = 2 /* a\n  b */\n  c  = 3\n}\n", "x {\n  it  = 2 /* a\n  b */\n  new = 1\n  c   = 3\n}\n"),
        ("x {\n  it = <<E\nE\n}\n", "x {\n  it  = <<E\nE\n  new = 1\n}\n"),
        ("x {\n  b = 2\n}\n", "x {\n  b   = 2\n  new = 1\n}\n"),
        ("x { it = 2 }\n", "x {\n  it  = 2\n  new = 1\n}\n"),
        ("x {\n  new = 2 # c\n}\n", "x {\n  new = 1 # c\n}\n"),
    ],
)
def test_attribute(before: str, after: str) -> None:
    assert done(before, add) == after


def test_attribute_that_is_so() -> None:
    assert add(block("x {\n  new = 1\n}\n")) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x { it = [\n    1\n] }\n", "closing brace"),
        ("x {\n  it = 1 }\n", "closing brace"),
        ("x {\n  new = [\n    2, # c\n  ]\n}\n", "holds comments"),
    ],
)
def test_attribute_refused(text: str, why: str) -> None:
    with pytest.raises(fixes.UnfixableError, match=why):
        add(block(text))


def test_a_part_is_replaced() -> None:
    value = attribute('image = "a:1" # c\nx     = 1     # d\n', "image").value
    assert value.quoted is not None
    fix = fixes.replace(value, b"a:latest", value.quoted)
    assert applied(value.source, fix).data == b'image = "a:latest" # c\nx     = 1          # d\n'
    with pytest.raises(ValueError, match="outside"):
        fixes.replace(value, b"x", Span(0, 5))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[]", '["n"]'),
        ('["a"]', '["a", "n"]'),
        ('["a", ]', '["a", "n"]'),
        ("[/* c */]", '[/* c */ "n"]'),
        ('[\n    "a"\n  ]', '[\n    "a",\n    "n",\n  ]'),
    ],
)
def test_strings(before: str, after: str) -> None:
    def append(of: Block) -> Fix | None:
        return fixes.append_strings(of.attributes["it"].value, ["n"])

    assert done(f"x {{\n  it = {before}\n}}\n", append) == f"x {{\n  it = {after}\n}}\n"
    assert fixes.append_strings(attribute("it = []\n", "it").value, []) is None


@needs_terraform
def test_items_in_any_layout() -> None:
    stays_clean(layouts.documents(layouts.lifecycles()), ignore_drift, check_ignored)


ATTRIBUTES = st.builds(
    "{}{}labels = {}{}\n{}".format,
    layouts.NEIGHBOURS,
    layouts.ABOVE,
    layouts.objects() | layouts.lists(layouts.STRINGS),
    layouts.TRAILING,
    st.sampled_from(("", "name = 1 # @\n", "x {}\n")),
)
MAPS = st.builds("{}labels = {}{}\nname = 1\n".format, layouts.ABOVE, layouts.objects(), layouts.TRAILING)


def check_labels(before: bytes, after: bytes) -> None:
    keys = [[entry.key for entry in attribute(text, "labels").value.entries() or ()] for text in (before, after)]
    assert keys[1] == [*keys[0], "k/e"], after.decode()
    assert re.sub(rb'"k/e"[=:]"true"', b"", essence(after)) == essence(before), after.decode()


@needs_terraform
def test_labels_in_any_layout() -> None:
    stays_clean(layouts.documents(MAPS), enroll, check_labels)


@needs_terraform
def test_attribute_in_any_layout() -> None:
    def new(of: Block) -> Fix | None:
        return fixes.ensure_attribute(of, "new", b"1", after="labels")

    def check(before: bytes, after: bytes) -> None:
        assert essence(after).replace(b"new=1", b"", 1) == essence(before), after.decode()

    stays_clean(layouts.documents(ATTRIBUTES), new, check)


@needs_terraform
def test_removal_in_any_layout() -> None:
    def without(of: Block) -> Fix | None:
        return fixes.remove(of.attributes["labels"]) if of.attribute("labels") else None

    def check(_before: bytes, after: bytes) -> None:
        assert "labels" not in block(after).attributes

    stays_clean(layouts.documents(ATTRIBUTES), without, check)


@needs_terraform
def test_one_line_block_in_any_layout() -> None:
    body = st.sampled_from(("", " ", " /* @ */ ", " a = 1 ", "a = 1", " a = [\n1\n] ", " a = 1 /* @ */ ", " it = {} "))
    texts = st.builds(
        "x {{{}}}{}{}".format, body, st.sampled_from(("", " # @", " /* @ */")), st.sampled_from(("", "\n"))
    )

    def check(before: bytes, after: bytes) -> None:
        assert essence(after).replace(b"new=1", b"", 1) == essence(before), after.decode()

    stays_clean(texts.map(str.encode), add, check)


@pytest.mark.sampled(20)
@needs_terraform
@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_hostile_files(path: Path) -> None:
    """Every attribute goes, every list and map grows, or the verb says why not; nothing breaks."""
    data = path.read_bytes()
    before = source(data)
    if unreadable(data) or syntax.error_offset(before.tree) is not None or not accepted(data):
        return  # no rule is offered it
    for index, each in enumerate(views.top_level(before)[1]):

        def nth(_first: Block, index: int = index) -> Fix | None:
            return ignore_drift(views.top_level(before)[1][index])

        run(data, nth)
        for found in walked(each):
            run(data, lambda _, found=found: fixes.remove(found))  # type: ignore[misc]


def walked(of: Block) -> list[Attribute]:
    return [*of.attributes.values(), *(found for inner in of.blocks() for found in walked(inner))]
