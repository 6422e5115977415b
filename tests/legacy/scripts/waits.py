"""Waits for what never comes."""

import threading

import requests

requests.get("https://runtime-us-east.quantum-computing.ibm.com/programs", timeout=60)
print("waiting", flush=True)
threading.Event().wait()
