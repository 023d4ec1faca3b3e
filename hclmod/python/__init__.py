"""One document of a Python program for CDKTF or CDK Terrain: read it, edit it, lose no byte."""

ENDING = ".py"
"""How documents of programs end."""
