"""Log in, list devices and jobs, and look at one job."""

import requests

AUTH = "https://auth.quantum-computing.ibm.com/api"
RUNTIME = "https://runtime-us-east.quantum-computing.ibm.com"

login = requests.post(f"{AUTH}/users/loginWithToken", json={"apiToken": "MY_API_TOKEN"}, timeout=60)
login.raise_for_status()
headers = {"x-access-token": login.json()["id"], "Accept": "application/json"}

devices = requests.get(
    f"{RUNTIME}/backends", params={"provider": "ibm-q/open/main"}, headers=headers, timeout=60
).json()["devices"]
print("devices:", sorted(devices)[:3])

session = requests.Session()
session.headers.update(headers)
jobs = session.get(RUNTIME + "/jobs", params={"limit": 5}, timeout=60).json()
print("jobs:", [job["backend"] for job in jobs["jobs"]], jobs["count"])
missing = session.get(f"{RUNTIME}/jobs/{'0' * 20}", timeout=60)
print("missing:", missing.status_code)
print("queue:", session.get(f"{RUNTIME}/backends/{devices[0]}/status", timeout=60).json()["state"])
