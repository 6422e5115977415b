const base = "https://runtime-us-east.quantum-computing.ibm.com";
const body = {};
body.hub = "ibm-q";
body.group = "open";
body.project = "main";
body.program_id = "sampler";
fetch(base + "/jobs", { method: "POST", body: JSON.stringify(body) });
