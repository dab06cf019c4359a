"""The use cases of messaging, one module each."""
