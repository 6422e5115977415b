export const BASE = 'https://runtime-us-east.quantum-computing.ibm.com';
