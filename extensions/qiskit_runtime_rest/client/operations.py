"""The operations of the contract that each public method may send.

Generated from the `@public` marks in logic/ by `make generate`: change them there.
"""

from collections.abc import Mapping

__all__ = ["OPERATIONS"]

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "Backend.configuration": ("backends.get_backend_configuration",),
    "Backend.properties": ("backends.get_backend_properties",),
    "Backend.status": ("backends.get_backend_status",),
    "Backends.configuration": ("backends.get_backend_configuration",),
    "Backends.get": ("backends.list_backends",),
    "Backends.least_busy": ("backends.list_backends",),
    "Backends.list": ("backends.list_backends",),
    "Backends.properties": ("backends.get_backend_properties",),
    "Backends.status": ("backends.get_backend_status",),
    "Instances.configuration": ("instances.get_instance_configuration",),
    "Instances.get": ("instances.get_instance",),
    "Instances.usage": ("instances.get_instance_usage",),
    "Job.cancel": ("jobs.cancel_job",),
    "Job.delete": ("jobs.delete_job",),
    "Job.logs": ("jobs.get_job_logs",),
    "Job.metrics": ("jobs.get_job_metrics",),
    "Job.refresh": ("jobs.get_job",),
    "Job.replace_tags": ("jobs.replace_job_tags",),
    "Job.result": (
        "jobs.get_job",
        "jobs.list_jobs",
        "jobs.get_job_logs",
        "jobs.get_job_results",
        "backends.list_backends",
    ),
    "Job.status": ("jobs.get_job",),
    "Job.wait": ("jobs.get_job", "jobs.list_jobs", "jobs.get_job_logs", "backends.list_backends"),
    "Jobs.as_completed": ("jobs.list_jobs", "jobs.get_job", "jobs.get_job_results", "backends.list_backends"),
    "Jobs.find": ("jobs.list_jobs",),
    "Jobs.get": ("jobs.get_job",),
    "Jobs.list": ("jobs.list_jobs",),
    "Jobs.recover": ("jobs.list_jobs",),
    "Jobs.wait_all": ("jobs.list_jobs", "jobs.get_job", "jobs.get_job_results", "backends.list_backends"),
    "RuntimeClient.estimator": (
        "jobs.create_job",
        "jobs.list_jobs",
        "instances.get_instance_usage",
        "sessions.create_session",
        "sessions.update_session",
        "backends.get_backend_configuration",
        "backends.get_backend_properties",
    ),
    "RuntimeClient.executor": ("jobs.create_job", "jobs.list_jobs", "instances.get_instance_usage"),
    "RuntimeClient.sampler": (
        "jobs.create_job",
        "jobs.list_jobs",
        "instances.get_instance_usage",
        "sessions.create_session",
        "sessions.update_session",
        "backends.get_backend_configuration",
        "backends.get_backend_properties",
    ),
    "RuntimeClient.submit": ("jobs.create_job", "jobs.list_jobs", "instances.get_instance_usage"),
    "RuntimeClient.submit_all": ("jobs.create_job", "jobs.list_jobs", "instances.get_instance_usage"),
    "RuntimeClient.usage": ("instances.get_instance_usage",),
    "RuntimeClient.versions": ("versions.get_versions",),
    "Session.cancel": ("sessions.close_session",),
    "Session.close": ("sessions.update_session",),
    "Session.status": ("sessions.get_session",),
    "Session.wait": ("sessions.get_session", "jobs.list_jobs", "jobs.get_job"),
    "Sessions.create": ("sessions.create_session",),
    "Sessions.get": ("sessions.get_session",),
    "Sessions.list": ("workloads.list_workloads",),
}
"""Modules of `qiskit_runtime_api.api`, by public name. The class for tasks has the same.

`jobs` and sessions submit as the client does.
"""
