"""Feed spoiled bytes to everything that parses: `python -m tools.fuzz`, or `make fuzz SECONDS=60`."""
