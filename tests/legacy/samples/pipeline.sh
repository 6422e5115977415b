#!/bin/bash
set -euo pipefail
BASE=https://runtime-us-east.quantum-computing.ibm.com
V1=https://quantum.cloud.ibm.com/api/v1
TOKEN=$(curl -s -X POST https://auth.quantum-computing.ibm.com/api/users/loginWithToken \
  -H 'Content-Type: application/json' -d "{\"apiToken\": \"$API_TOKEN\"}" | jq -r .id)
ID=$(curl -s "$BASE/jobs" -H "x-access-token: $TOKEN" \
  -d '{"programId": "sampler", "hub": "ibm-q", "group": "open", "project": "main", "params": ["{}"]}' | jq -r .id)
curl -s "${BASE}/jobs/${ID}/results" -H "x-access-token: $TOKEN"
curl -s -X DELETE "$BASE/programs/mine-1234"
curl -s "$BASE/backends?provider=ibm-q/open/main"
curl -s "$V1/jobs" -H "Authorization: Bearer $BEARER"
cat /jobs/readme.txt
