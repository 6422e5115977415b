"""Sessions and batches."""
