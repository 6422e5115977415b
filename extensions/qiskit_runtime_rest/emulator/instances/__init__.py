"""Service instances: plans, devices, limits and usage."""
