"""The contract itself, as the service publishes it."""
