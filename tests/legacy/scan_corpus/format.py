import requests

RUNTIME = "https://runtime-us-east.quantum-computing.ibm.com"
HEADERS = {"x-access-token": "id"}
requests.get("{}/jobs/{}/results".format(RUNTIME, "abc"), headers=HEADERS)
requests.post(url="%s/jobs/%s/cancel" % (RUNTIME, "abc"), headers=HEADERS)
requests.get("/".join([RUNTIME, "backends", "ibm_fez", "status"]), headers=HEADERS)
where = RUNTIME
where += "/programs"
requests.get(where)
for path in ("{base}/usage", "{base}/instances"):
    requests.get(path.format(base=RUNTIME), headers=HEADERS)
