"""All that a rule may import."""
