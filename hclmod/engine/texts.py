"""The kinds of documents that are settled: what rules are offered there, how they are edited, who judges them."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from hclmod.engine import merged
from hclmod.engine.outcomes import Reported
from hclmod.hcl import alignment, edits, suppression
from hclmod.hcl.document import Document
from hclmod.hcl.edits import Effect, Span, excerpt
from hclmod.hcl.views import path_at, top_level
from hclmod.proof import verdict
from hclmod.rulekit.rule import BLOCKS, NOTHING_TO_DO, Finding, Level, note
from hclmod.terraform.code import CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hclmod.hcl.edits import Edit, Fix
    from hclmod.hcl.source import Source
    from hclmod.hcl.views import Block
    from hclmod.markdown.page import Page
    from hclmod.proof.verdict import Verdict
    from hclmod.python.source import Source as Program
    from hclmod.rulekit.literals import Literal
    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.namelists import NameList
    from hclmod.rulekit.places import Place
    from hclmod.rulekit.rule import Context
    from hclmod.yaml.views import YamlFile

    Offers = Sequence[tuple[Loaded, Block]]


class Hcl(Struct, frozen=True):
    """A document of HCL; `select` says whether a rule is offered a block."""

    source: Source
    select: Callable[[Loaded, Block], bool]

    @property
    def document(self) -> Document:
        """Its bytes and lines."""
        return self.source.document

    def check(self, rules: Sequence[Loaded], context: Context) -> tuple[Reported, ...]:
        """What rules find in its blocks, then at the places from which images come."""
        blocks = [block for block in top_level(self.source)[1] if _is_offered(block)]
        pairs = [(each, block) for each in rules for block in blocks if each.rule.is_for(block)]
        offers = [(loaded, block) for loaded, block in pairs if self.select(loaded, block)]
        result = (
            *self._at_blocks(offers, context),
            *self._at_places(rules, context),
            *self._at_lists(rules, context),
        )
        return (*result, *self._without_reason(offers, context, result))

    def _without_reason(self, offers: Offers, context: Context, reported: Sequence[Reported]) -> Iterator[Reported]:
        """A note for each block that rules of phases are offered and that none of them says anything of."""
        known = {each.finding.address for each in reported} | {address for _, address in context.changed}
        starts = sorted(each.finding.span.start for each in reported)
        silent: dict[str, tuple[Block, str]] = {}
        for loaded, block in offers:
            if loaded.selects:
                silent.setdefault(block.path, (block, loaded.id))
        for block, rule in sorted(silent.values(), key=lambda each: each[0].span):
            split = block.address in context.merged  # it may be looked at in another document
            first = bisect_left(starts, block.span.start)
            inside = first < len(starts) and starts[first] < block.span.end
            if not split and not inside and block.address not in known:
                nothing = note(block.title, NOTHING_TO_DO, f"{rule} has nothing to do here")
                yield self._reported(rule, _addressed(nothing, block.address))

    def _at_blocks(self, offers: Offers, context: Context) -> Iterator[Reported]:
        for loaded, block in offers:
            for finding in merged.check(loaded, block, context):
                yield self._reported(loaded.id, _addressed(finding, block.address))

    def _at_places(self, rules: Sequence[Loaded], context: Context) -> Iterator[Reported]:
        for loaded, place in _offered(rules, context):
            from hclmod.rulekit import literals

            if literal := literals.find(self.source, place):
                for finding in loaded.at_places(literal, _heeding(place, loaded.id), context):
                    yield self._reported(loaded.id, _addressed(finding, place.images[0].name), literal.comments)

    def _at_lists(self, rules: Sequence[Loaded], context: Context) -> Iterator[Reported]:
        for loaded, place in _offered_lists(rules, context):
            from hclmod.rulekit import namelists

            if listed := namelists.find(self.source, place):
                for finding in loaded.at_lists(listed, context):
                    yield self._reported(loaded.id, _addressed(finding, place.address))

    def _reported(self, rule: str, finding: Finding, comments: Sequence[str] = ()) -> Reported:
        why = suppression.reason(self.source, finding.span, rule, comments)
        return _reported(rule, finding, self.document, why=why, where=path_at(self.source, finding.span))

    def edited(self, made: Sequence[Edit], fixes: Sequence[Fix]) -> Hcl:
        """The document with these edits, its columns aligned again."""
        return replace(self, source=alignment.applied(self.source, made, columns=all(fix.realign for fix in fixes)))

    def rejected(self, proven: Hcl | None) -> str | None:
        """Why an official parser does not accept the document as it is; `proven` is it after a proven change."""
        from hclmod.proof import verify

        return verify.rejected(self.source, proven.source if proven else None)

    def judged(self, before: Hcl, fixes: Sequence[Fix]) -> Verdict:
        """Whether other parsers see what the fixes declare, and no more."""
        if before.source.data == self.source.data:
            return verdict.Same()
        from hclmod.proof import verify

        return verify.verify(before.source, self.source, fixes)


class Python(Hcl, frozen=True):
    """A document of a Python program, whose constructs are offered as blocks: CPython's own parser is the judge."""

    def rejected(self, _proven: Hcl | None) -> str | None:
        """Why CPython does not compile the document as it is."""
        from hclmod.python import proof

        return proof.rejected(cast("Program", self.source))

    def judged(self, before: Hcl, fixes: Sequence[Fix]) -> Verdict:
        """Whether CPython reads the same tree but for what the fixes declare."""
        if before.source.data == self.source.data:
            return verdict.Same()
        from hclmod.python import proof

        wrong = proof.undeclared(cast("Program", before.source), cast("Program", self.source), fixes)
        return verdict.Broken((wrong,)) if wrong else verdict.AsDeclared((proof.judge(),))


class Yaml(Struct, frozen=True):
    """A document of YAML, which has no blocks: rules are offered places only, and PyYAML is the judge."""

    document: Document

    def check(self, rules: Sequence[Loaded], context: Context) -> tuple[Reported, ...]:
        """What rules find at the places from which images come, and in lists of names."""
        images = (
            _reported(
                loaded.id,
                _addressed(finding, place.images[0].name),
                self.document,
                why=suppression.among(literal.comments, loaded.id),
            )
            for loaded, place in _offered(rules, context)
            if (literal := self._find(place))
            for finding in loaded.at_places(literal, _heeding(place, loaded.id), context)
        )
        return (*images, *self._at_lists(rules, context))

    def _at_lists(self, rules: Sequence[Loaded], context: Context) -> Iterator[Reported]:
        for loaded, place in _offered_lists(rules, context):
            from hclmod.rulekit import namelists

            if listed := namelists.in_yaml(self.document.data, place):
                for finding in loaded.at_lists(listed, context):
                    yield _reported(loaded.id, _addressed(finding, place.address), self.document, why=None)

    def _find(self, place: Place) -> Literal | None:
        from hclmod.rulekit import literals

        if not place.why:
            return literals.in_yaml(self.document.data, place)
        lines = self.document.data.splitlines(keepends=True)
        start = sum(map(len, lines[: place.line - 1]))
        return literals.Literal(span=Span(start, start), text=place.text, comments=(), write=literals.refusing(place))

    def edited(self, made: Sequence[Edit], _fixes: Sequence[Fix]) -> Yaml:
        """The document with these edits."""
        return Yaml(Document(self.document.path, edits.apply(self.document.data, made)))

    def rejected(self, _proven: Yaml | None) -> str | None:
        """Nothing: what PyYAML does not read is refused when it judges."""
        return None

    def judged(self, before: Yaml, fixes: Sequence[Fix]) -> Verdict:
        """Whether PyYAML reads the values that the fixes write, and all else as before."""
        if before.document.data == self.document.data:
            return verdict.Same()
        from hclmod.yaml import fixes as yaml_fixes
        from hclmod.yaml import lists, scalars

        if any(declared.effect is Effect.EXTENDED for fix in fixes for declared in fix.declares):
            wrong = lists.only_extended(scalars.covered(before.document.data), scalars.covered(self.document.data))
            return verdict.Unverifiable(wrong) if wrong else verdict.AsDeclared((yaml_fixes.judge(),))
        texts = [edit.text.decode().strip('"') for fix in fixes for edit in fix.edits]
        old, new = scalars.covered(before.document.data), scalars.covered(self.document.data)
        wrong = yaml_fixes.undeclared(old, new, texts)
        return verdict.Unverifiable(wrong) if wrong else verdict.AsDeclared((yaml_fixes.judge(),))


class Markdown(Struct, frozen=True):
    """A document of Markdown: rules with `on_page` are offered the whole page, and markdown-it-py is the judge."""

    page: Page

    @property
    def document(self) -> Document:
        """Its bytes and lines."""
        return self.page.document

    def check(self, rules: Sequence[Loaded], context: Context) -> tuple[Reported, ...]:
        """What rules find on the page."""
        pairs = ((loaded, finding) for loaded in rules for finding in loaded.on_page(self.page, context))
        return tuple(self._reported(loaded.id, finding) for loaded, finding in pairs)

    def _reported(self, rule: str, finding: Finding) -> Reported:
        line = self.document.line(finding.span.start) - 1
        above = self.page.lines[max(0, line - 1) : line + 1]
        comments = [text[text.index("<!--") :].strip() for each in above if "<!--" in (text := each.decode())]
        why = suppression.among(comments, rule)
        where = " ".join(each.decode().strip() for each in self.page.lines[line : line + 1])
        finding = _addressed(finding, self.page.heading_of(line))
        return _reported(rule, finding, self.document, why=why, where=where, comment="<!-- {} -->")

    def edited(self, made: Sequence[Edit], _fixes: Sequence[Fix]) -> Markdown:
        """The document with these edits."""
        document = Document(self.document.path, edits.apply(self.document.data, made))
        return Markdown(replace(self.page, document=document))

    def rejected(self, _proven: Markdown | None) -> str | None:
        """Nothing: every text is Markdown."""
        return None

    def judged(self, before: Markdown, fixes: Sequence[Fix]) -> Verdict:
        """Whether markdown-it-py sees all that is outside of the section as before."""
        if before.document.data == self.document.data:
            return verdict.Same()
        from hclmod.markdown import sections, syntax

        wrong = sections.undeclared(before.document, self.document, fixes)
        return verdict.Broken((wrong,)) if wrong else verdict.AsDeclared((syntax.judge(),))


class YamlWhole(Struct, frozen=True):
    """A file of YAML that rules with `on_yaml` are offered; each round of edits is judged by itself.

    `wrong` is what PyYAML has seen besides the declared changes.
    """

    file: YamlFile
    wrong: tuple[str, ...] = ()

    @property
    def document(self) -> Document:
        """Its bytes and lines."""
        return self.file.document

    def check(self, rules: Sequence[Loaded], context: Context) -> tuple[Reported, ...]:
        """What rules find in the file."""
        pairs = ((loaded, finding) for loaded in rules for finding in loaded.on_yaml(self.file, context))
        return tuple(self._reported(loaded.id, finding) for loaded, finding in pairs)

    def _reported(self, rule: str, finding: Finding) -> Reported:
        from hclmod.yaml import comments

        why = suppression.among(comments.around(self.file, finding.span), rule)
        return _reported(rule, finding, self.document, why=why, where=finding.address)

    def edited(self, made: Sequence[Edit], fixes: Sequence[Fix]) -> YamlWhole:
        """The file with these edits, and what they did besides."""
        from hclmod.yaml import structure
        from hclmod.yaml.views import YamlFile

        data = edits.apply(self.document.data, made)
        why = structure.undeclared(self.document.data, data, fixes)
        return YamlWhole(YamlFile(Document(self.document.path, data)), (*self.wrong, *([why] if why else [])))

    def rejected(self, _proven: YamlWhole | None) -> str | None:
        """Why the file cannot be read as YAML."""
        return self.file.problem or None

    def judged(self, before: YamlWhole, _fixes: Sequence[Fix]) -> Verdict:
        """Whether PyYAML saw what the fixes declare, and no more."""
        if before.document.data == self.document.data:
            return verdict.Same()
        from hclmod.yaml import fixes as yaml_fixes

        return verdict.Broken(self.wrong) if self.wrong else verdict.AsDeclared((yaml_fixes.judge(),))


Text = TypeVar("Text", Hcl, Yaml, Markdown, YamlWhole)
"""A document that can be settled."""


def _is_offered(block: Block) -> bool:
    """Whether a block is one that rules see; a `terraform` block of Terragrunt is something else."""
    return block.type == "resource" or (block.type in BLOCKS and block.source.document.path.endswith(CODE))


def _offered(rules: Sequence[Loaded], context: Context) -> Iterator[tuple[Loaded, Place]]:
    """The places of a document, with each rule that has something to say about images."""
    every = ((loaded, place) for loaded in rules for place in context.places if loaded.rule.images)
    return ((loaded, place) for loaded, place in every if loaded.rule.names or not place.of_name)


def _offered_lists(rules: Sequence[Loaded], context: Context) -> Iterator[tuple[Loaded, NameList]]:
    """The lists of names of a document, with each rule that has something to say about them."""
    return ((loaded, place) for loaded in rules for place in context.lists if loaded.rule.name_lists)


def _addressed(finding: Finding, address: str) -> Finding:
    """The finding with an address: its own, else this one."""
    return finding if finding.address else replace(finding, address=address)


def _heeding(place: Place, rule: str) -> Place:
    """The place, each container that it drives with the reason of a comment there that suppresses the rule."""
    reasons = [suppression.among((*each.comments, *each.above), rule) for each in place.images]
    images = (replace(each, suppressed=reason or "") for each, reason in zip(place.images, reasons, strict=True))
    return replace(place, images=tuple(images)) if any(reasons) else place


def _reported(
    rule: str, finding: Finding, document: Document, *, why: str | None, where: str = "", comment: str = "# {}"
) -> Reported:
    """A finding with its line and the lines that it changes, as a comment there leaves it.

    `why` is the comment's reason, None without a comment; `where` the path of the innermost item around it. `comment`
    is how one is written in this document.
    """
    line = document.line(finding.span.start)
    if why:
        message = f"suppressed ({why}): {finding.message}"
        finding = replace(finding, message=message, fix=None, level=Level.NOTE, effect="")
    elif why is not None:
        form = comment.format(f"hclmod: ignore[{rule}] why")
        message = f"{finding.message} (the `hclmod: ignore` here does not count, write `{form}`)"
        finding = replace(finding, message=message)
    before, after = excerpt(document, finding.fix) if finding.fix else ("", "")
    return Reported(rule=rule, finding=finding, line=line, where=where, before=before, after=after)
