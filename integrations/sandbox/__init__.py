"""The sandbox: a payment provider of our own, for development, drills, training and the simulator.

A program with its own books. It imports nothing of the shop and shares no table with it, so that its books can prove or
disprove ours. It takes its time from outside."""
