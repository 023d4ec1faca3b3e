"""What follows from reading all stacks together: the model, images outside of containers, who else reads a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hclmod.scan.outside import OutsideImage
    from hclmod.terraform.model import Model
    from hclmod.terraform.readers import Mentions
    from hclmod.terraform.resources import ImageUse


class References:
    """The references of a model; those who read a name are looked for once for the same forms and couplings."""

    def __init__(
        self, model: Model, stacks: Sequence[str], outside_images: Callable[[], Sequence[OutsideImage]]
    ) -> None:
        self.model, self._stacks, self._outside_images = model, stacks, outside_images
        self._mentions: dict[tuple[frozenset[str], frozenset[str]], Mentions] = {}

    def outside(self, forms: frozenset[str]) -> Sequence[ImageUse]:
        """The images outside of containers in one of these forms."""
        from hclmod.scan import find

        return find.uses(self._outside_images(), forms) if forms else ()

    def mentions(self, forms: frozenset[str], coupled: frozenset[str]) -> Mentions:
        """Who reads which name, where images of these forms are known and such entries are coupled to tags."""
        from hclmod.terraform.readers import Mentions

        if (forms, coupled) not in self._mentions:
            uses = (*self.model.uses, *self.outside(forms))
            self._mentions[forms, coupled] = Mentions(self.model, uses, self._stacks, coupled)
        return self._mentions[forms, coupled]
