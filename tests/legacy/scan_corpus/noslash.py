import requests

BASE = "https://runtime-us-east.quantum-computing.ibm.com/"
requests.get(BASE + "jobs/abc/results")
requests.delete(f"{BASE}programs/mine")
requests.get("{}backends".format(BASE))
