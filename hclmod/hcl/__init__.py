"""One document of HCL: read it, edit it, lose no byte."""
