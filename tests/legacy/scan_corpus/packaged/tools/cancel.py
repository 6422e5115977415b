import sys

import requests

from packaged import Settings, settings

for job in sys.argv[1:]:
    requests.post(f"{Settings.RUNTIME}/jobs/{job}/cancel")
requests.get(settings.HOST + "/runtime/users/me")
