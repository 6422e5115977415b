// Moved from https://runtime-us-east.quantum-computing.ibm.com last year.
const names = hubs.map(hub => hub.name);
const base = "https://quantum.cloud.ibm.com/api/v1";
fetch(`${base}/jobs`, { method: "POST", headers: { Authorization: token } });
groups.forEach(group => console.log(group));
