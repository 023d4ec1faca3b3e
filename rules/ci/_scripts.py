"""The images that the commands of a script push."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ._shell import Command

_BUILDERS = frozenset({"docker", "podman", "nerdctl", "buildah", "img"})
_TAGS, _DESTINATIONS = ("-t", "--tag"), ("-d", "--destination")


def pushed_by(command: Command) -> tuple[str, ...]:
    """The images that a command pushes, with their tags, as it names them."""
    name, rest = command[0].rpartition("/")[2], command[1:]
    words = [each for each in rest if not each.startswith("-")]
    match words:
        case ["push", *_] | ["image" | "manifest", "push", *_] if name in _BUILDERS and len(words) > 1:
            return (words[-1].removeprefix("docker://"),)
        case ["build" | "bud", *_] | ["buildx" | "image" | "builder", "build", *_] if name in _BUILDERS:
            return tuple(_values(rest, _TAGS)) if _is_pushing(rest) else ()
        case ["buildx", "imagetools", "create", *_] if name == "docker":
            return tuple(_values(rest, _TAGS))
        case ["tag", image, tag] if name == "crane":
            return (f"{image.rpartition(':')[0] if ':' in image.rpartition('/')[2] else image}:{tag}",)
        case ["copy" | "cp", _, target] if name in ("crane", "skopeo"):
            return (target.removeprefix("docker://"),)
    return tuple(_values(rest, _DESTINATIONS)) if name == "executor" else ()


def _is_pushing(rest: Sequence[str]) -> bool:
    outputs = " ".join(_values(rest, ("-o", "--output")))
    return "--push" in rest or "push=true" in outputs or "type=registry" in outputs


def _values(rest: Sequence[str], options: tuple[str, str]) -> Iterator[str]:
    """The values of an option that may be given more than once."""
    short, long = options
    for word, following in zip(rest, (*rest[1:], ""), strict=True):
        if word in options:
            yield following
        elif word.startswith(f"{long}=") or (word.startswith(short) and not word.startswith("--")):
            yield word.removeprefix(f"{long}=").removeprefix(short).removeprefix("=")
