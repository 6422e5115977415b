"""The public classes: clients, jobs, sessions, backends, instances."""
