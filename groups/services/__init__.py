"""The use cases of groups, one module each kind.

Each takes the lock of the group's conversation first, so that everything in one group takes turns, and
writes a line of the system's into the conversation about what it changed.
"""
