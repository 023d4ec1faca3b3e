"""How resources are named: as text in a folder, and as one caller of their module sees them."""

from __future__ import annotations

from typing import NamedTuple

from hclmod.python import ENDING


class BlockId(NamedTuple):
    """One resource's block, whoever calls the module that holds it: its folder, and its address in the module."""

    folder: str
    address: str


class ResourceId(NamedTuple):
    """One resource as one caller of its module sees it.

    `module` is the instance of the module, such as `module.a`, empty in the stack itself. `folder` is where the block
    stands, `address` is the one inside the module.
    """

    stack: str
    module: str
    folder: str
    address: str

    @property
    def full(self) -> str:
        """The address as Terraform writes it, with the module's instance."""
        return f"{self.module}.{self.address}" if self.module else self.address

    @property
    def name(self) -> str:
        """How a person names it: `stack/address`."""
        return f"{self.stack}/{self.full}"

    @property
    def is_inside(self) -> bool:
        """Whether it stands in a folder of its stack, or in a document of the program that the stack is."""
        program = not self.stack and self.folder.endswith(ENDING)
        return program or f"{self.folder}/".startswith(f"{self.stack}/")

    @property
    def block(self) -> BlockId:
        """The block that declares it."""
        return BlockId(self.folder, self.address)


class ImageId(NamedTuple):
    """The image of one container of a block; of a dynamic container `slot` is the path of its `image`."""

    folder: str
    address: str
    slot: str
