import requests

team = {"hub": "ours", "group": "web", "project": "shop"}
requests.post("https://example.org/jobs", json=team)
