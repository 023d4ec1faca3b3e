"""`hclmod.toml`: reading, checking, and what it decides for images and workloads."""
