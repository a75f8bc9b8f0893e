"""Durable tasks: what must happen after a commit is a row in that commit. The queue only wakes the workers."""
