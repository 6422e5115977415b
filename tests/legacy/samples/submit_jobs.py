#!/usr/bin/env python3
"""Submit a circuit to the classic Runtime API and wait for the result."""

import json
import os
import time

import requests

BASE = "https://runtime-us-east.quantum-computing.ibm.com"
AUTH = "https://auth.quantum-computing.ibm.com/api"
STATUS_PAGE = "https://example.org/status"


def login(token):
    answer = requests.post(AUTH + "/users/loginWithToken", json={"apiToken": token})
    return answer.json()["id"]


class Runtime:
    """What the lab's scripts share."""

    def __init__(self, token, url=BASE):
        self.url = url
        self.session = requests.Session()
        self.session.headers["x-access-token"] = login(token)

    def submit(self, circuit):
        body = {
            "programId": "sampler",  # the only one we run
            "hub": "ibm-q",
            "group": "open",
            "project": "main",
            "params": {"circuits": [circuit], "run_options": {"shots": 1024}},
            "start_session": True,
        }
        return self.session.post(f"{self.url}/jobs", json=body).json()["id"]

    def result(self, job_id):
        while True:
            answer = self.session.get(f"{self.url}/jobs/{job_id}/results")
            if answer.status_code == 200:
                return answer.json()
            time.sleep(5)

    def backends(self):
        return self.session.get("https://api.quantum-computing.ibm.com/runtime/backends?provider=ibm-q/open/main")

    def recent(self, limit=10):
        return self.session.get("https://api.quantum-computing.ibm.com/facade/v1/jobs?limit={}".format(limit))  # noqa: UP032

    def grouped(self):
        return self.session.get(BASE + "/analytics/usage-grouped-by-date")

    def open_session(self):
        return self.session.post(self.url + "/sessions", data=json.dumps({"max_session_ttl": 3600}))

    def upload(self, program):
        return self.session.request("PUT", "%s/programs/%s/data" % (BASE, program), data=b"")  # noqa: UP031


def healthy():
    project = {"project": "status", "group": "lab"}
    return requests.get(STATUS_PAGE + "/jobs", params=project).ok


if __name__ == "__main__":
    runtime = Runtime(os.environ["API_TOKEN"])
    print(runtime.result(runtime.submit("OPENQASM 3;")))
