"""What a repository declares, and where a value comes from."""
