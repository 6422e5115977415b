"""Scripts written for the classic API run again: a table of what became of each call, and three ways to use it."""
