const BASE = 'https://runtime-us-east.quantum-computing.ibm.com';
const OWN = 'https://example.org/api';

async function submit(token, circuits) {
  const answer = await fetch(`${BASE}/jobs`, {
    method: 'POST',
    headers: { 'X-Access-Token': token },
    body: JSON.stringify({ program_id: 'sampler', hub: 'ibm-q', 'project': 'main', start_session: true }),
  });
  return (await answer.json()).id;
}

function follow(id, token) {
  return new WebSocket(`wss://runtime-us-east.quantum-computing.ibm.com/stream/jobs/${id}`);
}

async function grouped() {
  return fetch(BASE + '/analytics/usage-grouped');
}

const mine = () => fetch(`${OWN}/jobs`);
