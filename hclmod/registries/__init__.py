"""A client of registries (OCI distribution API): tags, digests and dates, asked for as little as a decision needs."""
