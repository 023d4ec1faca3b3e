"""Forges: where a report becomes one comment on a pull request."""
