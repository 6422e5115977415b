"""Run a circuit with the second version of the sampler, and wait for its result."""

import json
import os
import time

import requests

BASE = "https://api.quantum-computing.ibm.com/runtime"
SX = "rz(pi/2) $0; sx $0; rz(pi/2) $0;"
CIRCUIT = f'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; {SX} c[0] = measure $0;'


def log_in(key):
    url = "https://auth.quantum-computing.ibm.com/api/users/loginWithToken"
    return requests.post(url, json={"apiToken": key}, timeout=60).json()["id"]


token = log_in(os.environ.get("OLD_TOKEN", "MY_API_TOKEN"))
headers = {"Content-Type": "application/json", 'x-access-token': token}
body = {
    "programId": "sampler",
    "backend": "ibm_fez",
    "hub": "ibm-q", "group": "open", "project": "main",
    "jobTags": ["nightly"],
    "params": {"pubs": [[CIRCUIT, None, 200]], "version": 2}}
answer = requests.post(f"{BASE}/jobs", data=json.dumps(body), headers=headers, timeout=60)
job_id = answer.json()["id"]
while (result := requests.get(f"{BASE}/jobs/{job_id}/results", headers=headers, timeout=60)).status_code == 204:
    time.sleep(0.2)
print("shots:", len(result.json()["results"][0]["data"]["c"]["samples"]))
job = requests.get(f"{BASE}/jobs/{job_id}", headers=headers, timeout=60).json()
print("status:", job["status"], job["backend"], job["tags"])
renamed = requests.put(f"{BASE}/jobs/{job_id}/tags", json={"tags": ["weekly"]}, headers=headers, timeout=60)
print("tags:", renamed.status_code)
deleted = requests.delete(f"{BASE}/jobs/{job_id}", headers=headers, timeout=60)
print("deleted:", deleted.status_code)
