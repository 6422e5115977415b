"""Jobs: submission, life cycle, results."""
