"""Rules that a command of the same name runs on one workload that a person names."""
