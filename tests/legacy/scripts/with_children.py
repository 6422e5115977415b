"""Calls of its own with two libraries, and of child processes in Python and another language."""

import http.client
import subprocess
import sys

import urllib3

HOST = "runtime-us-east.quantum-computing.ibm.com"

connection = http.client.HTTPSConnection(HOST, timeout=60)
connection.request("GET", "/programs?limit=1")
print("http.client:", connection.getresponse().status)
print("urllib3:", urllib3.request("GET", f"https://{HOST}/programs", timeout=60).status)

CHILD = f"""
import requests, urllib.request
print("requests:", requests.get("https://{HOST}/programs", timeout=60).status_code)
print("urllib:", urllib.request.urlopen("https://{HOST}/programs", timeout=60).status)
"""
print(subprocess.run([sys.executable, "-W", "ignore", "-c", CHILD], capture_output=True, text=True).stdout, end="")
curl = ["curl", "-s", "-o", "/dev/null", "-w", "curl: %{http_code}\n", f"https://{HOST}/programs"]
print(subprocess.run(curl, capture_output=True, text=True).stdout, end="")
other = ["curl", "-s", "-o", "/dev/null", "-w", "other: %{http_code}\n", *sys.argv[1:]]
print(subprocess.run(other, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}).stdout, end="")
