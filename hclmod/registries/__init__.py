"""A client of registries (OCI distribution API): tags, digests and dates, no more queries than a decision needs."""
