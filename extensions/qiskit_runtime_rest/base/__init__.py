"""Parts that know nothing of the service: text, JSON members, files, forks, serving, redaction."""
