"""Caches of images: how nginx, registries and containerd are configured, and whether tags can be old."""

RULE = "doctor"
"""The name under which findings about them are reported, as a rule does."""

TITLE = "Caches of images"
"""The title of the report about them."""
