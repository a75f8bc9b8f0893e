"""Sending mail: the port, SMTP, and a folder for development."""
