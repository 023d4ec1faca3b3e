"""One file a command: values in, values out; nothing is printed here."""
