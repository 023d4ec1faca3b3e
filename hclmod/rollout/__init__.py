"""The pace of a rollout: what rolls, in which order, in which batches, and when the next one may begin. Pure values."""
