"""The same phase in many repositories: the list of them, workers that keep each to itself, a ledger, one report."""
