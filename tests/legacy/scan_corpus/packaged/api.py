import requests

from .settings import Settings as Where


def submit(key, job):
    token = requests.post(Where.LOGIN, json={"apiToken": key}).json()["id"]
    return requests.post(Where.RUNTIME + "/jobs", json=job, headers={"x-access-token": token})
