"""Logic written once, run by threads and by tasks."""
