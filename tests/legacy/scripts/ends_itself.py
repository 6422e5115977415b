"""Ends in the way that its first argument names."""

import pathlib
import sys
import threading
import time

how = sys.argv[1]
here = pathlib.Path(__file__)
print("name:", __name__, here.name, sys.argv[1:], sys.path[0] == str(here.parent))
print("read:", sys.stdin.readline().strip())
if how == "status":
    sys.exit(7)
if how == "words":
    sys.exit("the script's last words")
if how == "error":
    raise ValueError("of the script's own")
if how == "interrupt":
    raise KeyboardInterrupt
if how == "thread":
    threading.Thread(target=lambda: (time.sleep(0.3), print("the thread is done"))).start()
