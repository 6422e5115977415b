import { BASE } from './config.js';
const answer = await fetch(`${BASE}/jobs/${id}/results`, { headers: { 'x-access-token': token } });
