% Submit a job from MATLAB.
base = 'https://api.quantum-computing.ibm.com/runtime';
login = webwrite('https://auth.quantum-computing.ibm.com/api/users/loginWithToken', struct('apiToken', getenv('TOKEN')));
options = weboptions('HeaderFields', {'x-access-token', login.id}, 'MediaType', 'application/json');
body = struct('programId', 'sampler', 'hub', 'ibm-q', 'group', 'open', 'project', 'main');
job = webwrite([base '/jobs'], body, options);
status = webread([base '/jobs/' job.id], options);
results = webread([base '/jobs/' job.id '/results'], options);
