"""How ``gunicorn wsgi:app`` serves: two workers of eight threads, forked from one program that has made what they share.

Options on the command line come first."""

from backoffice.app import account, forking

workers = 2
threads = 8
preload_app = True


def when_ready(server):
    """The program is loaded, no worker is forked yet."""
    account.confirm(server.app.wsgi())
    forking.prepare(server.app.wsgi())


def post_fork(server, _worker):
    forking.begin(server.app.wsgi())
