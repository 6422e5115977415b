"""The first tutorial: a job in the oldest form, and a loop until its result is there."""

import json
import time

import requests

URL = "https://api.quantum-computing.ibm.com/runtime"
headers = {"Authorization": "Bearer MY_API_TOKEN"}

print("programs:", type(requests.get(f"{URL}/programs", timeout=60).json()).__name__)

body = {
    "programId": "runtime-simple",
    "hub": "ibm-q",
    "group": "open",
    "project": "main",
    "backend": "ibm_fez",
    "params": [json.dumps({"iterations": 2})],
}
job = requests.post(f"{URL}/jobs", json=body, headers=headers, timeout=60).json()["id"]
while True:
    results = requests.get(f"{URL}/jobs/{job}/results", headers=headers, timeout=60)
    if results.status_code != 204:
        break
    time.sleep(0.1)
print("result:", results.status_code, results.text)
