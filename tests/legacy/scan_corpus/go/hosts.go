package classic

const runtimeHost = "https://runtime-us-east.quantum-computing.ibm.com"
