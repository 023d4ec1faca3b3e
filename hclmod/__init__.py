"""Codemods for Terraform repositories."""

__version__ = "0.1.0"
