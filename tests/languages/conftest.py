from ..fixtures.offline_programs import program, services

__all__ = ["program", "services"]
