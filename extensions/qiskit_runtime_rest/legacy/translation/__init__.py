"""Classic calls translated to v1: the table names the transformations of each call.

`translator` runs them, `call` is one call in progress, `stream` follows a job. `account`, `jobs`, `sessions` and
`primitives` transform requests and responses; `callers` and `instances` find the client of v1 for a call.
"""
