"""IBM's MCP server: every tool and every resource, over stdio as an assistant calls them."""

import asyncio
import json
import os
import sys
from pathlib import Path

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

SERVER = str(Path(sys.executable).with_name("qiskit-ibm-runtime-mcp-server"))
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q;'
NATIVE = f"{HEAD} bit[2] c; x q[0]; cz q[0], q[1]; c = measure q;"
DEVICE = {"backend_name": "ibm_fez"}
JOBS = (
    ("run_sampler_tool", {"circuit": NATIVE, "shots": 100}),
    ("run_estimator_tool", {"circuit": f"{HEAD} h q[0]; cx q[0], q[1];", "observables": "ZZ"}),
)
ENDED = ("DONE", "ERROR", "CANCELLED")
failed, used = [], set()


async def main():
    # A client of MCP gives a server few of its own variables, unless it is told to.
    async with Client(StdioTransport(SERVER, [], env=dict(os.environ))) as client:

        async def call(tool, **arguments):
            used.add(tool)
            answer = (await client.call_tool(tool, arguments)).data
            # A job may have ended before it is cancelled.
            if answer["status"] != "success" and "Job cannot be cancelled" not in answer["message"]:
                failed.append([tool, answer])
            return answer

        await call("setup_ibm_quantum_account_tool", token="a-key-of-mine-0123456789")
        for tool in ("list_backends", "least_busy_backend", "available_instances", "list_saved_accounts"):
            await call(f"{tool}_tool")
        for tool in ("get_backend_properties", "get_backend_calibration", "get_coupling_map"):
            await call(f"{tool}_tool", **DEVICE)
        for tool in ("find_optimal_qubit_chains", "find_optimal_qv_qubits"):
            await call(f"{tool}_tool", **DEVICE)
        for tool in ("active_account_info", "active_instance_info", "usage_info"):
            await call(f"{tool}_tool")
        for tool, arguments in JOBS:
            job = {"job_id": (await call(tool, **DEVICE, **arguments))["job_id"]}
            status = None
            while status not in ENDED:
                await asyncio.sleep(0.5)
                status = (await call("get_job_status_tool", **job))["job_status"]
            await call("get_job_results_tool", **job)
        await call("list_my_jobs_tool")
        job = {"job_id": (await call(JOBS[0][0], **DEVICE, **JOBS[0][1]))["job_id"]}
        await call("cancel_job_tool", **job)
        await call("delete_saved_account_tool", account_name="default-ibm-quantum-platform")
        texts = [(await client.read_resource(one.uri))[0].text for one in await client.list_resources()]
        failed.extend(text for text in texts if "error" in text.lower())
        unused = sorted({tool.name for tool in await client.list_tools()} - used)
    print(json.dumps({"tools": len(used), "unused": unused, "failed": failed}))


asyncio.run(main())
