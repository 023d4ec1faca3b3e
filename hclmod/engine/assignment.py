"""Which phase a workload belongs to, also by the namespaces that phases name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.errors import ConfigError, nearest
from hclmod.terraform.stacks import Target, assign

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hclmod.config.file import Config
    from hclmod.terraform.model import Model
    from hclmod.terraform.stacks import Assignment, Stack


def assignment(config: Config, stacks: Sequence[Stack], model: Callable[[], Model]) -> Assignment:
    """Which phase each stack and workload belongs to; what names a workload itself wins over its namespace.

    Names of stacks that are not there are left out. The `model` is made only if a phase names a namespace.
    """
    known = assign(config, stacks, known_only=True)
    phases = _phases(config)
    by_key: dict[Target, int] = {}
    for each in _everywhere(stacks, model()).workloads if phases else ():
        numbers = {phases[name] for name in each.namespaces if name in phases}
        if len(numbers) == 1:
            stack, module, folder, address = each.id
            by_key[Target(stack, None if module else folder, address, module)] = numbers.pop()
    targets = {target: number for target, number in by_key.items() if not _is_named(target, known)}
    return replace(known, targets={**targets, **known.targets})


def require(config: Config, stacks: Sequence[Stack], model: Model) -> None:
    """Raise a `ConfigError` for a stack that is not there, and for a namespace in which nothing lives."""
    assign(config, stacks)
    phases = _phases(config)
    lived = _everywhere(stacks, model).namespaces_in_use if phases else ()
    for name, number in phases.items():
        if name not in lived:
            hint = nearest(name, lived, "`hclmod survey` lists who lives where.")
            raise ConfigError(
                f"{config.path}: phase.{number}.namespaces names `{name}`, where nothing lives", hint=hint
            )


def _phases(config: Config) -> dict[str, int]:
    """The namespaces that phases name."""
    return {name: number for number, phase in config.phases.items() for name in phase.namespaces}


def _everywhere(stacks: Sequence[Stack], model: Model) -> Model:
    return model.over([each.path for each in stacks])


def _is_named(target: Target, known: Assignment) -> bool:
    return target in known.targets or Target(target.stack, None, target.address) in known.targets


def no_phase(config: Config, number: int) -> ConfigError:
    """The error for a phase that the config does not have."""
    known = ", ".join(map(str, config.phases))
    hint = f"Its phases: {known}." if known else "Put an hclmod.toml with [phase.1] at the repository's root."
    return ConfigError(f"{config.path} has no phase {number}", hint=hint)
