"""The same calls with httpx; the client keeps the header."""

import httpx

key = {"apiToken": "MY_API_TOKEN"}
token = httpx.post("https://auth.quantum-computing.ibm.com/api/users/loginWithToken", json=key).json()["id"]
client = httpx.Client(timeout=60)
client.headers.update({"x-access-token": token})
usage = client.get("https://runtime-us-east.quantum-computing.ibm.com/analytics/usage-grouped?group_by=backend")
print("usage:", usage.status_code, sorted(usage.json())[:1])
found = client.get("https://runtime-us-east.quantum-computing.ibm.com/facade/v1/jobs").json()
print("jobs:", found["count"])
