"""Mail: written in the unit of its cause, sent by a task, kept."""
