"""Our programs as processes of their own, forked from one that has loaded what they are made of: a start costs a tenth of
what a new interpreter takes. They fail, end and are killed like any other process."""

import multiprocessing
import os
import random
import runpy
import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from flask import cli
from rq.cli import main as rq
from werkzeug.serving import make_server

import backoffice.app  # noqa: F401 - loaded before anything is forked, as is the next
import integrations.sandbox.program  # noqa: F401
from config import ROOT


def _web(port: str) -> None:
    app = runpy.run_module("wsgi")["app"]
    make_server("127.0.0.1", int(port), app, threaded=True).serve_forever()


def _module(name: str) -> None:
    runpy.run_module(name, run_name="__main__")


def _flask(*words: str) -> None:
    sys.argv = ["flask", "--app", "wsgi", *words]
    cli.main()


def _rq(*words: str) -> None:
    sys.argv = ["rq", *words]
    rq()


WORDS: Mapping[str, Callable[..., None]] = {"web": _web, "module": _module, "flask": _flask, "rq": _rq}

_loaded = multiprocessing.get_context("forkserver")
_loaded.set_forkserver_preload([__name__])


def start(words: Sequence[str], env: Mapping[str, str], out: Path) -> BaseProcess:
    """Start a program: ``web`` and a port, ``module`` and its name, ``flask`` or ``rq`` and what follows. What it prints is
    added to ``out``."""
    process = _loaded.Process(target=_become, args=(list(words), dict(env), str(out)), daemon=True)
    process.start()
    return process


def _become(words: list[str], env: dict[str, str], out: str) -> None:
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    random.seed()
    warnings.simplefilter("default")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    WORDS[words[0]](*words[1:])
