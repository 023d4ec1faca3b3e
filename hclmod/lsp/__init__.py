"""A language server: what `check` and `fix` do, on the text of an editor."""
