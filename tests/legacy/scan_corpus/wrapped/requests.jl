const ENDPOINT = URI("https://api.quantum-computing.ibm.com/runtime")

headers(token) = ["Accept" => "application/json", "Authorization" => "Bearer $token"]

"""
    status(job_id)

The answer of [`jobs/{job_id}`](https://example.org/reference).
"""
status(job_id) = get_request("jobs/$job_id")
me() = get_request("users/me")
tags(job_id; job_tags=nothing) = put_request("jobs/$job_id/tags", job_tags)
submit(body) = post_request("jobs", body)
