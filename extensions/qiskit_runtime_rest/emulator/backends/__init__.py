"""The devices an instance may use."""
