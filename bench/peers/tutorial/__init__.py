"""A chat server as the Channels tutorial builds it, with a model for its messages."""
