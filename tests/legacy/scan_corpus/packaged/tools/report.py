"""Counts our own machines; it has nothing to do with the settings."""

import json

machines = {"hub": "switch 1", "group": "lab", "project": "cooling"}
print(json.dumps(machines), "/jobs/7")
