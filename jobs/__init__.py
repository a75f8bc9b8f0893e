"""Programs of the queue: the worker, the schedule, the wake-up, and the handlers of tasks by name."""
