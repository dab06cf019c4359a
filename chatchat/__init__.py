"""The project: settings, addresses, and what every app shares."""

#: As pyproject.toml has it; shown to operators.
__version__ = "0.1.0"
