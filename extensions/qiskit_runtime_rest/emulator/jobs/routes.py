"""Routes about jobs."""

from ..routing import Route
from .responses import (
    cancel_job,
    create_job,
    delete_job,
    get_job,
    get_job_interim_results,
    get_job_logs,
    get_job_metrics,
    get_job_results,
    get_job_transpiled_circuits,
    list_jobs,
    replace_job_tags,
)

ROUTES = (
    Route("GET", "/v1/jobs", list_jobs),
    Route("POST", "/v1/jobs", create_job),
    Route("GET", "/v1/jobs/{id}", get_job),
    Route("DELETE", "/v1/jobs/{id}", delete_job),
    Route("GET", "/v1/jobs/{id}/results", get_job_results),
    Route("GET", "/v1/jobs/{id}/interim_results", get_job_interim_results),
    Route("GET", "/v1/jobs/{id}/logs", get_job_logs),
    Route("GET", "/v1/jobs/{id}/transpiled_circuits", get_job_transpiled_circuits),
    Route("POST", "/v1/jobs/{id}/cancel", cancel_job),
    Route("GET", "/v1/jobs/{id}/metrics", get_job_metrics),
    Route("PUT", "/v1/jobs/{id}/tags", replace_job_tags),
)
