package classic

type Job struct {
	ProgramID string `json:"program_id"`
	Hub       string `json:"hub"`
	Group     string `json:"group"`
	Project   string `json:"project"`
}

func (c *Client) Cancel(id string) (*http.Request, error) {
	return http.NewRequest("POST", runtimeHost+"/jobs/"+id+"/cancel", nil)
}
