"""The uses of Qiskit's packages that spoke to the classic service, and what to use now.

Sources: IBM's guides https://quantum.cloud.ibm.com/docs/migration-guides/classic-iqp-to-cloud-iqp (channel, instance),
.../migration-guides/qiskit-runtime (qiskit-ibmq-provider, qiskit-ibm-provider) and .../migration-guides/v2-primitives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .table import PROGRAMS_GONE, PROGRAMS_NOW, anchor

__all__ = ["SDK_USES", "SdkUse"]

Kind: TypeAlias = Literal["package", "module", "name", "method", "keyword", "value", "attribute", "setting"]


@dataclass(frozen=True, kw_only=True)
class SdkUse:
    """One classic use of an SDK.

    Attributes:
        kind: a package to install; a module or a name to import (and calls on it); a method of any object; a keyword
            argument; an argument with a certain value; an attribute; a setting in a file or the environment.
        name: dotted for imports; `keyword=value` if the value matters.
        of: the functions that take the keyword or value: names, or methods such as `.run`; empty for other kinds.
        instead: what to use now.
        v1: the new value, if replacing the value is enough.
        distinct: whether it is always classic; other uses also need an import of an SDK in the same file.
    """

    kind: Kind
    name: str
    of: tuple[str, ...] = ()
    instead: str
    v1: str | None = None
    distinct: bool = False

    @property
    def anchor(self) -> str:
        """The row's anchor on the migration page."""
        return anchor("sdk", self.kind, self.name)


SERVICE = 'QiskitRuntimeService(channel="ibm_quantum_platform", token=<IBM Cloud API key>, instance=<CRN>)'
ACCOUNT = f"{SERVICE} of qiskit-ibm-runtime, or RuntimeClient() of qiskit-runtime-rest"
RUN = "Sampler or Estimator of qiskit-ibm-runtime, or client.sampler(...) of qiskit-runtime-rest"
PROGRAMS = f"{PROGRAMS_NOW}: {PROGRAMS_GONE}"
CIRCUITS = "pubs: run([(circuit, parameter values), ...])"

SERVICES = ("QiskitRuntimeService", "QiskitRuntimeService.save_account", "IBMProvider", "IBMProvider.save_account")
PRIMITIVES = ("Sampler", "Estimator", "SamplerV1", "EstimatorV1")

SDK_USES: tuple[SdkUse, ...] = (
    # Packages
    SdkUse(kind="package", name="qiskit-ibmq-provider", instead="qiskit-ibm-runtime", distinct=True),
    SdkUse(kind="package", name="qiskit-ibm-provider", instead="qiskit-ibm-runtime", distinct=True),
    # Modules and names
    SdkUse(kind="module", name="qiskit.providers.ibmq", instead=ACCOUNT, distinct=True),
    SdkUse(kind="module", name="qiskit_ibm_provider", instead=ACCOUNT, distinct=True),
    *(
        SdkUse(kind="name", name=f"qiskit.IBMQ{rest}", instead=instead, distinct=True)
        for rest, instead in (
            ("", ACCOUNT),
            (".load_account", ACCOUNT),
            (".enable_account", ACCOUNT),
            (".save_account", "QiskitRuntimeService.save_account(...), or `qrr login` of qiskit-runtime-rest"),
            (".update_account", "QiskitRuntimeService.save_account(..., overwrite=True)"),
            (".delete_account", "QiskitRuntimeService.delete_account(...)"),
            (".stored_account", "QiskitRuntimeService.saved_accounts()"),
            (".active_account", "QiskitRuntimeService.active_account()"),
            (".disable_account", "nothing: each service object has its own account"),
            (".get_provider", f"{SERVICE}: the CRN of an instance replaces hub, group and project"),
            (".providers", "QiskitRuntimeService.instances()"),
        )
    ),
    *(
        SdkUse(
            kind="name",
            name=f"qiskit_ibm_runtime.{name}",
            instead=f"{name.removesuffix('V1')}V2: primitives of version 1 no longer run",
            distinct=True,
        )
        for name in ("SamplerV1", "EstimatorV1")
    ),
    SdkUse(
        kind="name",
        name="qiskit_ibm_runtime.Options",
        instead="SamplerOptions or EstimatorOptions of version 2",
        distinct=True,
    ),
    SdkUse(kind="name", name="qiskit.execute", instead=f"transpile the circuit, then {RUN}"),
    # Methods
    *(
        SdkUse(kind="method", name=name, instead=PROGRAMS)
        for name in (
            "upload_program",
            "update_program",
            "delete_program",
            "set_program_visibility",
            "pprint_programs",
            "runtime.programs",
            "runtime.program",
        )
    ),
    SdkUse(kind="method", name="runtime.run", instead=RUN),
    SdkUse(kind="method", name="runtime.job", instead="service.job(job_id) of QiskitRuntimeService"),
    SdkUse(kind="method", name="runtime.jobs", instead="service.jobs() of QiskitRuntimeService"),
    # Arguments
    SdkUse(
        kind="value",
        name="channel=ibm_quantum",
        of=SERVICES,
        instead='channel="ibm_quantum_platform", with an IBM Cloud API key and the CRN of an instance',
        v1="ibm_quantum_platform",
        distinct=True,
    ),
    SdkUse(
        kind="value",
        name="instance=hub/group/project",
        of=SERVICES,
        instead="instance=<CRN of the instance>",
        distinct=True,
    ),
    *(
        SdkUse(kind="keyword", name=name, of=(".run",), instead=CIRCUITS)
        for name in ("circuits", "circuit_indices", "parameter_values", "observables")
    ),
    SdkUse(kind="keyword", name="program_id", of=(".run",), instead=RUN),
    SdkUse(kind="keyword", name="backend", of=PRIMITIVES, instead="mode=backend"),
    SdkUse(kind="keyword", name="session", of=PRIMITIVES, instead="mode=session"),
    SdkUse(kind="keyword", name="service", of=("Session",), instead="Session(backend=backend)"),
    SdkUse(kind="attribute", name="quasi_dists", instead="result[0].data.<register>.get_counts()"),
    # Settings
    SdkUse(
        kind="setting",
        name="channel: ibm_quantum",
        instead="channel: ibm_quantum_platform, with an IBM Cloud API key and the CRN of an instance",
        distinct=True,
    ),
    SdkUse(
        kind="setting",
        name="QISKIT_IBM_CHANNEL=ibm_quantum",
        instead="QISKIT_IBM_CHANNEL=ibm_quantum_platform, with an IBM Cloud API key and the CRN of an instance",
        distinct=True,
    ),
)
