"""Random layouts of what the verbs change: commas, comments, line ends and indentation wherever HCL lets them stand."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

ITEMS = (
    "spec[0].template[0].spec[0].dns_config",
    'metadata[0].labels["a.b/c-d"]',
    'metadata[0].annotations["é,]#"]',
    '"tags"',
    "spec.0.replicas",
)
STRINGS = ('"a"', '"é,]"', '"${var.x}"', '"a # b"')
KEYS = ("app", '"k8s.io/é"', "name", '"a}"', '"x#"')
VALUES = ('"v"', "local.x", "{ a = 1 }", "[\n1\n]", 'f("}", 1)')

INLINE = st.sampled_from(("", "", " ", " ", " /* @ */ ", "/* @ */"))
ACROSS = st.sampled_from(("\n", "\n", " # @\n", "\n# @\n", "\n\n", " // @\n\n", "\n/* @\n  two */\n", " /* @ */\n"))
GAPS = INLINE | ACROSS
TRAILING = st.sampled_from(("", "", "", " # @", " // @", " /* @ */", "# @", " /* @\n two */"))
ABOVE = st.sampled_from(("", "", "", "# @\n", "\n# @\n", "# @\n\n", "# x = @\n", "/* @\n  two */\n", "\n"))
NEIGHBOURS = st.sampled_from(
    (
        "",
        "",
        "create_before_destroy = true # @\n",
        "prevent_destroy = false\n",
        "precondition {\n  condition = true\n}\n",
    )
)
AROUND = st.sampled_from(
    (
        "",
        "",
        "count = 1\n",
        "provider = x.y # @\n\n",
        "spec {\n  replicas = 1\n}\n",
        "\nspec {}\n\n",
        "# @\n",
        "depends_on = [\n  a.b\n]\n",
    )
)


@st.composite
def lists(draw: st.DrawFn, items: tuple[str, ...] = ITEMS, gaps: st.SearchStrategy[str] | None = None) -> str:
    """A list of some of the items."""
    gap = gaps if gaps is not None else draw(st.sampled_from((INLINE, st.just(""), GAPS, ACROSS)))
    chosen = draw(st.lists(st.sampled_from(items), max_size=4, unique=True))
    parts = [draw(gap)]
    for item in chosen:
        parts += [item, draw(gap), ",", draw(gap)]
    no_last_comma: bool = draw(st.booleans())
    if chosen and no_last_comma:
        del parts[-2]
    return f"[{''.join(parts)}]"


@st.composite
def objects(draw: st.DrawFn) -> str:
    """A map literal: between entries a line end will do, and none may stand before a comma."""
    separators = st.sampled_from((" = ", " : ", "=")) if draw(st.booleans()) else st.sampled_from((" = ",))
    one_line = draw(st.booleans())
    values = st.sampled_from(VALUES[:3] if one_line else VALUES)
    entries = [
        f"{key}{draw(separators)}{draw(values)}"
        for key in draw(st.lists(st.sampled_from(KEYS), max_size=4, unique=True))
    ]
    if one_line:
        last = draw(st.sampled_from(("", ",", ", /* @ */"))) if entries else ""
        return f"{{{draw(INLINE)}{f'{draw(INLINE)}, '.join(entries)}{last}{draw(INLINE)}}}"
    ends = [draw(INLINE) + draw(st.sampled_from(("", ","))) + draw(ACROSS) for _ in entries]
    if entries and draw(st.integers(0, 3)) == 0:
        ends[-1] = draw(st.sampled_from(("", " ", ",")))
    return f"{{{draw(ACROSS)}{''.join(itertools.chain(*zip(entries, ends, strict=True)))}}}"


@st.composite
def lifecycles(draw: st.DrawFn) -> str:
    """A `lifecycle` block, or nothing, or something around it."""
    tail = draw(TRAILING)
    match draw(st.integers(0, 7)):
        case 0:
            return ""
        case 1:
            inside = draw(st.sampled_from(("", " ", "\n", "\n  # @\n", " # @\n")))
            return f"lifecycle {{{inside}}}{tail}\n"
        case 2:
            return f"lifecycle {{ ignore_changes = {draw(lists(gaps=INLINE))} }}{tail}\n"
        case 3:
            return f"lifecycle {{ prevent_destroy = true }}{tail}\n"
        case _:
            before, after = draw(NEIGHBOURS), draw(NEIGHBOURS.filter(lambda text: text[:7] != "prevent"))
            after = "" if after == before else after
            opening = draw(st.sampled_from((" {\n", " { # @\n")))
            body = f"{before}{draw(ABOVE)}ignore_changes = {draw(lists())}{draw(TRAILING)}\n{after}"
            return f"lifecycle{opening}{body}}}{tail}\n"


@st.composite
def documents(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> bytes:
    """A resource that holds what is drawn, with numbered comments, random indentation and line ends."""
    before, after = draw(AROUND), draw(AROUND)
    after = "" if after == before else after
    body = f"{before}{draw(ABOVE)}{draw(inside)}{after}"
    numbers = itertools.count()
    text = "".join(
        f"c{next(numbers)}" if char == "@" else char for char in f'resource "a" "b" {{\n{body}}}{draw(TRAILING)}\n'
    )
    pads = draw(st.sampled_from((("  ",), ("    ",), ("\t",), ("",), (" ", "   ", "\t"))))
    lines = text.split("\n")
    text = "\n".join(
        draw(st.sampled_from(pads)) + line if line and 0 < number < len(lines) - 2 else line
        for number, line in enumerate(lines)
    )
    text = text.rstrip("\n") if draw(st.integers(0, 4)) == 0 else text
    text = text.replace("\n", "\r\n") if draw(st.integers(0, 3)) == 0 else text
    return ("\ufeff" if draw(st.integers(0, 9)) == 0 else "").encode() + text.encode()
