"""Passwords, throttled attempts and sessions: the same for staff and customers, whose sessions never meet."""
