"""All that a rule may import, and the only module of hclmod that rules import.

A name is loaded when it is asked for: those who load or list rules do not pay for the parsers that rules use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msgspec import Struct as Struct
    from msgspec.structs import replace as replace

    from hclmod.config.file import Config as Config, with_table as with_table
    from hclmod.config.cluster import Cluster as Cluster
    from hclmod.config.policies import ImagePolicy as ImagePolicy
    from hclmod.errors import RuleError as RuleError
    from hclmod.hcl import (
        edits as edits,
        fixes as fixes,
        lists as lists,
        objects as objects,
        traversal as traversal,
        undo as undo,
        values as values,
    )
    from hclmod.hcl.edits import (
        Edit as Edit,
        Fix as Fix,
        Span as Span,
    )
    from hclmod.hcl.indentation import UnfixableError as UnfixableError
    from hclmod.hcl.document import Document as Document
    from hclmod.hcl.source import Source as Source
    from hclmod.hcl.traversal import Traversal as Traversal
    from hclmod.hcl.values import Value as Value
    from hclmod.hcl.views import (
        Attribute as Attribute,
        Block as Block,
        Expression as Expression,
    )
    from hclmod import patterns as patterns
    from hclmod.images import (
        decide as decide,
        reference as reference,
        tags as tags,
    )
    from hclmod.images.decide import (
        Decision as Decision,
        Float as Float,
        Keep as Keep,
        LastResort as LastResort,
        Unknown as Unknown,
    )
    from hclmod.images.reference import Reference as Reference
    from hclmod.images.tags import (
        HOLDERS_OF_DATA as HOLDERS_OF_DATA,
        TagClass as TagClass,
        moves as moves,
    )
    from hclmod.scan.cluster import (
        COMPUTED as COMPUTED,
        UNREAD as UNREAD,
        ClusterObject as ClusterObject,
        ClusterObjects as ClusterObjects,
        Data as Data,
        UnknownData as UnknownData,
    )
    from hclmod.rulekit.drafts import (
        Draft as Draft,
        Siblings as Siblings,
        draft as draft,
        fill as fill,
        objection as objection,
        template as template,
    )
    from hclmod.markdown import (
        sections as sections,
        text as text,
    )
    from hclmod.markdown.page import Page as Page
    from hclmod.markdown.sections import SectionText as SectionText
    from hclmod.numbers import whole_number as whole_number
    from hclmod.rulekit.facts import (
        Facts as Facts,
        AssignedWorkload as AssignedWorkload,
        Namespace as Namespace,
    )
    from hclmod.rulekit.literals import Literal as Literal
    from hclmod.rulekit.namelists import (
        Listed as Listed,
        NameListHooks as NameListHooks,
    )
    from hclmod.rulekit.places import (
        LinkedImage as LinkedImage,
        AffectedImage as AffectedImage,
        Followed as Followed,
        Place as Place,
        TaggedImage as TaggedImage,
    )
    from hclmod.rulekit.rule import (
        Address as Address,
        Context as Context,
        Finding as Finding,
        ImageHooks as ImageHooks,
        Level as Level,
        Option as Option,
        Rule as Rule,
        YamlHooks as YamlHooks,
        change as change,
        note as note,
        warn as warn,
    )
    from hclmod.rulekit.samples import settled_block as settled_block
    from hclmod.terraform.ids import (
        ImageId as ImageId,
        ResourceId as ResourceId,
    )
    from hclmod.terraform.kubernetes import (
        KINDS as KINDS,
        NAMESPACES as NAMESPACES,
        RELEASE as RELEASE,
        WORKLOADS as WORKLOADS,
        Container as Container,
        containers as containers,
        dynamic_containers as dynamic_containers,
        namespace_attribute as namespace_attribute,
        namespace_name as namespace_name,
        object_name as object_name,
        rollout as rollout,
    )
    from hclmod.yaml import (
        insertion as insertion,
        removal as removal,
    )
    from hclmod.yaml.views import (
        YamlFile as YamlFile,
        YamlItem as YamlItem,
        YamlNode as YamlNode,
        YamlPair as YamlPair,
    )

_TABLE = {
    "msgspec": "Struct",
    "msgspec.structs": "replace",
    "hclmod.config.file": "Config with_table",
    "hclmod.config.cluster": "Cluster",
    "hclmod.config.policies": "ImagePolicy",
    "hclmod.errors": "RuleError",
    "hclmod": "patterns",
    "hclmod.hcl": "edits fixes lists objects traversal undo values",
    "hclmod.hcl.edits": "Edit Fix Span",
    "hclmod.hcl.indentation": "UnfixableError",
    "hclmod.hcl.document": "Document",
    "hclmod.hcl.source": "Source",
    "hclmod.hcl.traversal": "Traversal",
    "hclmod.hcl.values": "Value",
    "hclmod.hcl.views": "Attribute Block Expression",
    "hclmod.images": "decide reference tags",
    "hclmod.images.decide": "Decision Float Keep LastResort Unknown",
    "hclmod.images.reference": "Reference",
    "hclmod.images.tags": "HOLDERS_OF_DATA TagClass moves",
    "hclmod.terraform.ids": "ImageId ResourceId",
    "hclmod.scan.cluster": "COMPUTED UNREAD ClusterObject ClusterObjects Data UnknownData",
    "hclmod.numbers": "whole_number",
    "hclmod.rulekit.drafts": "Draft Siblings draft fill objection template",
    "hclmod.markdown": "sections text",
    "hclmod.markdown.page": "Page",
    "hclmod.markdown.sections": "SectionText",
    "hclmod.rulekit.facts": "AssignedWorkload Facts Namespace",
    "hclmod.rulekit.literals": "Literal",
    "hclmod.rulekit.namelists": "Listed NameListHooks",
    "hclmod.rulekit.places": "AffectedImage Followed LinkedImage Place TaggedImage",
    "hclmod.rulekit.rule": "Address Context Finding ImageHooks Level Option Rule YamlHooks change note warn",
    "hclmod.rulekit.samples": "settled_block",
    "hclmod.terraform.kubernetes": "KINDS NAMESPACES RELEASE WORKLOADS Container containers dynamic_containers "
    "namespace_attribute namespace_name object_name rollout",
    "hclmod.yaml": "insertion removal",
    "hclmod.yaml.views": "YamlFile YamlItem YamlNode YamlPair",
}
NAMES = {name: module for module, names in _TABLE.items() for name in names.split()}
"""The names that rules import, with the module of each."""


def __getattr__(name: str) -> object:
    """Load a name of the table above (PEP 562)."""
    if name not in NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(NAMES[name])
    submodule = f"{NAMES[name]}.{name}"
    return import_module(submodule) if not hasattr(module, name) else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *NAMES})
