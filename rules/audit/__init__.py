"""Rules that `hclmod audit` runs on everything; none of them runs in a phase by itself."""
