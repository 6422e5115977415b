import requests

API_TOKEN = "0123"
URL = "https://runtime-us-east.quantum-computing.ibm.com/jobs"
requests.get(URL, headers={"Authorization": f"Bearer {API_TOKEN}"})
