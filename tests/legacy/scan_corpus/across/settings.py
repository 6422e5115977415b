BASE = "https://runtime-us-east.quantum-computing.ibm.com"
TOKEN = "x"
