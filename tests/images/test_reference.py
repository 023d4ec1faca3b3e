from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod.images.reference import Reference, parse

DIGEST = "sha256:" + "a1" * 32


@pytest.mark.parametrize(
    ("text", "parts", "name", "familiar"),
    [
        ("redis", ("", "redis", None, None), "docker.io/library/redis", "redis"),
        ("redis:7-alpine", ("", "redis", "7-alpine", None), "docker.io/library/redis", "redis"),
        ("library/redis:7", ("", "library/redis", "7", None), "docker.io/library/redis", "redis"),
        ("docker.io/redis:7", ("docker.io", "redis", "7", None), "docker.io/library/redis", "redis"),
        ("index.docker.io/a/b", ("index.docker.io", "a/b", None, None), "docker.io/a/b", "a/b"),
        ("crazymax/diun:4", ("", "crazymax/diun", "4", None), "docker.io/crazymax/diun", "crazymax/diun"),
        ("ghcr.io/a/b/c:v1", ("ghcr.io", "a/b/c", "v1", None), "ghcr.io/a/b/c", "ghcr.io/a/b/c"),
        ("host:5000/a:1", ("host:5000", "a", "1", None), "host:5000/a", "host:5000/a"),
        ("localhost/a", ("localhost", "a", None, None), "localhost/a", "localhost/a"),
        ("localhost:5000", ("", "localhost", "5000", None), "docker.io/library/localhost", "localhost"),
        ("[::1]:5000/a", ("[::1]:5000", "a", None, None), "[::1]:5000/a", "[::1]:5000/a"),
        ("Host/a", ("Host", "a", None, None), "Host/a", "Host/a"),
        (f"a/b:1@{DIGEST}", ("", "a/b", "1", DIGEST), "docker.io/a/b", "a/b"),
        (f"redis@{DIGEST}", ("", "redis", None, DIGEST), "docker.io/library/redis", "redis"),
        ("a/b__c-d.e:X_1.2", ("", "a/b__c-d.e", "X_1.2", None), "docker.io/a/b__c-d.e", "a/b__c-d.e"),
        ("docker.io/a.b/c", ("docker.io", "a.b/c", None, None), "docker.io/a.b/c", "docker.io/a.b/c"),
    ],
)
def test_parts_and_names(text: str, parts: tuple[str, str, str | None, str | None], name: str, familiar: str) -> None:
    reference = parse(text)
    assert reference == Reference(*parts)
    assert (str(reference), reference.name, reference.familiar) == (text, name, familiar)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "docker.io/*",
        "a b",
        "redis:",
        "redis:7 ",
        "redis:7\n",
        "repo:${var.tag}",
        "${local.image}:1",
        "%{ if x }a%{ endif }",
        "Redis",
        "a//b",
        "/a",
        "a/",
        "a:b:c",
        "a/B:1",
        "https://ghcr.io/a/b",
        "redis:-1",
        "redis:" + "a" * 129,
        "redis@sha256:abc",
        "redis@sha256:" + "A1" * 32,
        "redis@md5:" + "a1" * 16,
        "a1" * 32,
        "a/" + "b" * 256,
        "rédis",
        "redis:１",  # noqa: RUF001
    ],
)
def test_what_is_no_reference(text: str) -> None:
    assert parse(text) is None


def test_another_tag_drops_the_digest_of_the_old() -> None:
    reference = parse(f"ghcr.io/a/b:1.2@{DIGEST}")
    assert reference is not None
    assert str(reference.with_tag("1")) == "ghcr.io/a/b:1"


@pytest.mark.parametrize("tag", ["", "a:b", "-a", "${x}", "a" * 129])
def test_with_tag_takes_tags_only(tag: str) -> None:
    with pytest.raises(ValueError, match="not a tag"):
        Reference("", "redis").with_tag(tag)


_domains = st.sampled_from(["", "docker.io/", "index.docker.io/", "localhost/", "host:5000/", "Host/", "a-b.c/"])
_paths = st.from_regex(r"[a-z0-9]+((\.|_|__|-{1,3})[a-z0-9]+){0,2}(/[a-z0-9]+){0,2}", fullmatch=True)
_tags = st.one_of(st.just(""), st.from_regex(r":[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True))
_digests = st.sampled_from(["", f"@{DIGEST}"])


@given(st.builds("{}{}{}{}".format, _domains, _paths, _tags, _digests))
def test_printing_loses_nothing(text: str) -> None:
    reference = parse(text)
    assert reference is not None
    assert str(reference) == text
    assert parse(str(reference)) == reference


@given(st.builds("{}{}".format, _domains, _paths))
def test_all_names_mean_the_same_image(text: str) -> None:
    reference = parse(text)
    assert reference is not None
    for name in (reference.name, reference.familiar):
        again = parse(name)
        assert again is not None
        assert again.name == reference.name


@given(st.text())
def test_any_text_is_a_lossless_reference_or_none(text: str) -> None:
    reference = parse(text)
    assert reference is None or str(reference) == text
