"""One document of Markdown: read it, edit it, lose no byte."""
