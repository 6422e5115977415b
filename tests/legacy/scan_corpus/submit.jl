base = "https://runtime-us-east.quantum-computing.ibm.com"
body = Dict("program_id" => "sampler", "hub" => "ibm-q", "group" => "open", "project" => "main")
HTTP.post("$base/jobs"; headers = ["x-access-token" => token], body = JSON.json(body))
