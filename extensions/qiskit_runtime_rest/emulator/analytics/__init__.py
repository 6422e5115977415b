"""Usage, computed from the jobs that ran."""
