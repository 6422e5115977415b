"""Speed, side by side in one run: each benchmark prints a table and asserts nothing."""
