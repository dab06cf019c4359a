"""What breaks for real, and what must hold all the same: docs/reliability.md."""
