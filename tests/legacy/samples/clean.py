"""A service of its own, with words that the classic API had, too."""

import requests
from fastapi import FastAPI

app = FastAPI()
BASE = "https://example.org"
V1 = "https://quantum.cloud.ibm.com/api/v1"


@app.get("/jobs/{job_id}/results")
def results(job_id, hub="main"):
    body = {"hub": hub, "group": "open", "project": "x", "programId": 1, "start_session": True}
    headers = {"x-access-token": "..."}
    requests.post(BASE + "/programs", json=body, headers=headers)
    return requests.get(f"{V1}/jobs/{job_id}/results").json()
