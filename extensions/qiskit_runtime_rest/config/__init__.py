"""Settings: arguments, environment, account file, state file, API versions."""
