// Logs in and submits a job as scripts for node did.
const [url, key] = process.argv.slice(2);
const post = async (path, headers, body) => {
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return [response.status, await response.json()];
};
const [status, login] = await post("/users/loginWithToken", { "Content-Type": "application/json" }, { apiToken: key });
console.log(status);
const headers = { "Content-Type": "application/json", "x-access-token": login.id };
console.log(JSON.stringify(await post("/jobs", headers, { program_id: "runtime-simple", params: { iterations: 2 } })));
