"""The plans behind the public methods, written once for threads and tasks."""
