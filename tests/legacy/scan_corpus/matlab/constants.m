classdef constants
    properties (Constant)
        jobs = 'https://runtime-us-east.quantum-computing.ibm.com/jobs/'
        transpile = 'https://cloud-transpiler.quantum.ibm.com/transpile'
    end
end
