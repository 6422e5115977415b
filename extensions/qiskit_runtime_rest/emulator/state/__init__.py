"""The rules and records of the service, without HTTP."""
