"""The command line `qrr`: commands that call the library and print. `app` lists them.

Commands import what they need when they run, so that `qrr --help` is fast.
"""
