"""Leaves a thread or a process, as its argument says, that is not done when it is."""

import multiprocessing
import sys
import threading
import time

import requests


def ask():
    time.sleep(0.3)
    requests.get("https://runtime-us-east.quantum-computing.ibm.com/programs", timeout=60)


kinds = {"thread": threading.Thread, "process": multiprocessing.get_context("fork").Process}
kinds[sys.argv[1]](target=ask).start()
