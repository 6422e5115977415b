"""IAM: API keys are exchanged for bearer tokens, which expire and can be revoked."""
