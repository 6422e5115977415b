"""The rows and documents that the pictures are drawn from."""
