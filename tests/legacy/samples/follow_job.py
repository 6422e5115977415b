import asyncio
import sys

import websockets

HOST = "runtime-us-east.quantum-computing.ibm.com"


async def follow(job_id, token):
    headers = {"Authorization": f"Bearer {token}"}
    async with websockets.connect(f"wss://{HOST}/stream/jobs/{job_id}", extra_headers=headers) as socket:
        async for message in socket:
            print(message)


asyncio.run(follow(*sys.argv[1:]))
