"""Calls of other libraries to the classic hosts, led to a gateway on this machine; all other calls stay as they are.

One module for each library names what is patched there, as data (`Patch`); `patching` puts that on and takes it off.
"""
