var root = "https://runtime-us-east.quantum-computing.ibm.com";
client.DefaultRequestHeaders.Add("x-access-token", token);
var body = new { program_id = "sampler", hub = "ibm-q", group = "open", project = "main" };
var answer = await client.PostAsJsonAsync(root + "/jobs", body);
