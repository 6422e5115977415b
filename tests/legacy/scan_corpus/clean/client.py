"""Talks to v1.

The old host was https://runtime-us-east.quantum-computing.ibm.com, and GET /jobs lists jobs.
A body had "hub", "group" and "project", and the header "x-access-token".
"""

import requests

BASE = "https://quantum.cloud.ibm.com/api/v1"


def jobs(hub=None, group=None, project=None):
    """Replaces /jobs/tags of the classic API."""
    settings = {"hub": hub, "group": group, "project": project}
    print(settings)
    return requests.get(f"{BASE}/jobs", headers={"Authorization": "Bearer x"})


def router(app):
    app.add_url_rule("/jobs", view_func=jobs)
    app.add_url_rule("/backends", view_func=jobs)
