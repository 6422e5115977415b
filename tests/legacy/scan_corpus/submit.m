base = 'https://runtime-us-east.quantum-computing.ibm.com';
body.program_id = 'sampler';
body.hub = 'ibm-q';
body.group = 'open';
body.project = 'main';
job = webwrite([base '/jobs'], body, weboptions('HeaderFields', {'x-access-token' token}));
