"""The same for YAML: read it, edit it, lose no byte."""
