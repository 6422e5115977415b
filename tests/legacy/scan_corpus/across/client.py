import requests
from settings import BASE, TOKEN

requests.post(f"{BASE}/jobs", headers={"x-access-token": TOKEN}, json={"hub": "ibm-q", "group": "open", "project": "main"})
