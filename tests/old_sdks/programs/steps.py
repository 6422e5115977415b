"""Report each step of a program as a line of JSON. Runs in an old environment: no imports from this project."""

import json
import sys
import traceback
import warnings

warnings.simplefilter("ignore")
URL, KEY = sys.argv[1:3]

BELL = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'


def step(function):
    """Run `function` now, and report what it returns. What it raises ends the step, not the program."""
    try:
        outcome = {"value": function()}
    except Exception as error:
        outcome = {"error": f"{type(error).__name__}: {error}"[:2000]}
        traceback.print_exc()
    print("STEP " + json.dumps({"step": function.__name__, **outcome}, default=str), flush=True)
    return outcome.get("value")
