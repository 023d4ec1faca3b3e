"""Images outside of container blocks."""
