"""Decode results line by line, as the SDK of this environment does. Runs there: no imports from this project.

A line in is `[kind, text]`; a line out is what the user of the SDK reads.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")
from qiskit.result import Result  # noqa: E402

try:
    from qiskit.providers.ibmq import RunnerResult
except ImportError:
    from qiskit_ibm_runtime import RuntimeDecoder
    from qiskit_ibm_runtime.utils.estimator_result_decoder import EstimatorResultDecoder
    from qiskit_ibm_runtime.utils.runner_result import RunnerResult
    from qiskit_ibm_runtime.utils.sampler_result_decoder import SamplerResultDecoder


def sampler(text):
    result = SamplerResultDecoder.decode(text)
    return [
        [sorted((int(outcome), value) for outcome, value in distribution.items()), about["shots"]]
        for distribution, about in zip(result.quasi_dists, result.metadata, strict=True)
    ]


def estimator(text):
    result = EstimatorResultDecoder.decode(text)
    return [[float(value), about] for value, about in zip(result.values, result.metadata, strict=True)]


def of_runner(result):
    found = []
    for position, experiment in enumerate(result.results):
        has_memory = hasattr(experiment.data, "memory")
        found.append([result.get_counts(position), result.get_memory(position) if has_memory else None])
    return [result.backend_name, result.job_id, result.success, found]


def runner(text):
    read = of_runner(Result.from_dict(json.loads(text)))
    assert of_runner(RunnerResult.decode(text)) == read
    return read


def typed(text):
    """A result of the V2 primitives, with bits or values."""
    result = json.loads(text, cls=RuntimeDecoder)
    return [
        {name: value.get_counts() for name, value in pub.data.__dict__.items() if hasattr(value, "get_counts")}
        for pub in result
    ]


for line in sys.stdin:
    kind, given = json.loads(line)
    print(
        json.dumps({"sampler": sampler, "estimator": estimator, "runner": runner, "typed": typed}[kind](given)),
        flush=True,
    )
