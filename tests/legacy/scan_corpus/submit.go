package main

const base = "https://runtime-us-east.quantum-computing.ibm.com"

type job struct {
	ProgramID string `json:"program_id"`
	Hub       string `json:"hub"`
	Group     string `json:"group,omitempty"`
	Project   string `json:"project"`
}

func get(id string) {
	request, _ := http.NewRequest("GET", base+"/jobs/"+id+"/results", nil)
	request.Header.Set("x-access-token", token)
}
