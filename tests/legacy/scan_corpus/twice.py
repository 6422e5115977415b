import requests

API = "https://api.quantum-computing.ibm.com/runtime"
url = f"{API}/jobs"
body = {"programId": "sampler", "hub": "ibm-q", "group": "open", "project": "main"}
requests.post(url, json=body)
url = f"{API}/backends"
body = {}
print(requests.get(url))
