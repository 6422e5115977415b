"""Workloads: sessions, batches and the jobs outside of them, in one list."""
