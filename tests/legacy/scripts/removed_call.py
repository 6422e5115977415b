"""Asks first whether the service is up, as many scripts did."""

import requests

RUNTIME = "https://runtime-us-east.quantum-computing.ibm.com"


def is_up():
    return requests.get(f"{RUNTIME}/health", timeout=60).ok


print("before")
print(is_up())
