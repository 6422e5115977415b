"""The command line `qrr`: commands that call the client and print. `app` holds the list of them.

Commands import what they need when they run, so that `qrr --help` is there at once.
"""
