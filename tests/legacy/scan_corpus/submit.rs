const BASE: &str = "https://runtime-us-east.quantum-computing.ibm.com";
#[derive(Serialize)]
struct Job {
    #[serde(rename = "programId")]
    program: String,
    hub: String,
    group: String,
    project: String,
}
let answer = client.post(format!("{BASE}/jobs")).header("x-access-token", &token).json(&job).send()?;
