const base = 'https://runtime-us-east.quantum-computing.ibm.com';
final answer = await http.post(Uri.parse('$base/jobs'),
    headers: {'x-access-token': token},
    body: jsonEncode({'program_id': 'sampler', 'hub': 'ibm-q', 'group': 'open', 'project': 'main'}));
