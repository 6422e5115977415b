"""Bell states on the classic Runtime API, as users called it: requests, and websockets for the results."""

import asyncio
import sys

import requests
import websockets

AUTH = "https://auth.quantum-computing.ibm.com/api"
RUNTIME = "https://runtime-us-east.quantum-computing.ibm.com"
API_TOKEN = "MY_API_TOKEN"

BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
rz(pi/2) $0; sx $0; rz(pi/2) $0; rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1; rz(pi/2) $1; sx $1; rz(pi/2) $1;
c[0] = measure $0; c[1] = measure $1;"""

programs = requests.get(f"{RUNTIME}/programs", params={"limit": 50}, timeout=60).json()
print("programs:", sorted(program["id"] for program in programs["programs"]))

login = requests.post(f"{AUTH}/users/loginWithToken", json={"apiToken": API_TOKEN}, timeout=60)
login.raise_for_status()
headers = {"x-access-token": login.json()["id"]}

devices = requests.get(
    f"{RUNTIME}/backends", params={"provider": "ibm-q/open/main"}, headers=headers, timeout=60
).json()["devices"]
backend = sys.argv[1] if len(sys.argv) > 1 else "ibm_fez"
print("backend:", backend, backend in devices)


def submit(**more):
    body = {
        "program_id": "sampler",
        "backend": backend,
        "hub": "ibm-q",
        "group": "open",
        "project": "main",
        "params": {"circuits": [BELL, BELL], "run_options": {"shots": 1000}},
        **more,
    }
    answer = requests.post(f"{RUNTIME}/jobs", json=body, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json()


first = submit(start_session="True")
second = submit(session_id=first["session_id"])
print("same session:", first["session_id"] == first["id"] == second["session_id"])


async def listen(job_id):
    uri = f"wss://runtime-us-east.quantum-computing.ibm.com/stream/jobs/{job_id}"
    async with websockets.connect(uri, extra_headers={"Authorization": f"Bearer {API_TOKEN}"}) as websocket:
        messages = [message async for message in websocket]
        return messages, websocket.close_code


messages, code = asyncio.run(listen(second["id"]))
print("heard:", second["id"] in messages[0], "quasi_dists" in messages[-1], code)

job = requests.get(f"{RUNTIME}/jobs/{second['id']}", headers=headers, timeout=60).json()
print("state:", job["status"], job["state"]["status"], job["state"]["reasonCode"])
result = requests.get(f"{RUNTIME}/jobs/{second['id']}/results", headers=headers, timeout=60).json()
print("results:", len(result["quasi_dists"]), [metadata["shots"] for metadata in result["metadata"]])

requests.post(f"{AUTH}/users/logout", headers=headers, timeout=60).raise_for_status()
late = requests.get(f"{RUNTIME}/jobs/{second['id']}", headers=headers, timeout=60)
print("after logout:", late.status_code, late.json()["errors"][0]["code"])
