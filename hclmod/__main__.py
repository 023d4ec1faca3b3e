"""`python -m hclmod`."""

from hclmod.cli import main

if __name__ == "__main__":
    main()
