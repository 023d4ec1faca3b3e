"""Caches of images: how nginx, registries and containerd are configured, and whether tags can be old."""

RULE = "doctor"
"""The name under which findings about them are reported, as a rule does."""

ABOUT = "A cache may give old images, or does not do what its configuration seems to say."
"""What its findings are about, for those who list rules."""

TITLE = "Caches of images"
"""The title of the report about them."""
