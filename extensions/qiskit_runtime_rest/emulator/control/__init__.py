"""The control plane below `/_emulator`: for tests and tools in any language, not part of the service."""
