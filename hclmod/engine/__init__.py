"""Jobs x stacks x rules, in memory: what a run would change, and the proof of it."""
