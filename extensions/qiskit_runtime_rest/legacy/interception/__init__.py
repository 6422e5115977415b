"""Calls of other libraries to the classic hosts, sent to a gateway in this process instead. Other calls stay unchanged.

`installation` starts and ends it, `libraries` names what is patched, `patching` applies and restores the patches;
`running` runs a script or a notebook, and `report` says what to change in it.
"""
