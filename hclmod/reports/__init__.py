"""One model, many renderings: what a `PhaseReport` looks like to a person."""
