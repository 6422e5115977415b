import os

HOST = "https://api.quantum-computing.ibm.com"


class Settings:
    RUNTIME = HOST + "/runtime"
    LOGIN: str = os.environ.get("LOGIN_URL", "https://auth.quantum-computing.ibm.com/api/users/loginWithToken")
