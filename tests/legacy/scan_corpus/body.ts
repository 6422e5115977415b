const base: string = "https://runtime-us-east.quantum-computing.ibm.com";
export async function submit(hub: string, group: string, project: string) {
  const body = { program_id: "estimator", hub, group, project };
  return fetch(`${base}/jobs`, { method: "POST", body: JSON.stringify(body) });
}
