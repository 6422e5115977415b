curl https://api-qcon.quantum-computing.ibm.com/api/jobs
curl https://cloud-transpiler.quantum-computing.ibm.com/health
curl https://eu-de.quantum-computing.cloud.ibm.com/jobs
websocat wss://wss.quantum-computing.ibm.com/stream/jobs/abc
curl https://auth.quantum.ibm.com/api/users/loginWithToken -d '{"apiToken": "x"}'
