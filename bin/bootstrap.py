"""Makes .venv and installs the pinned packages; needs nothing but Python 3.11+. Used by bin/dev, bin/test, bin/check."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


def say(text: str) -> None:
    print(f"counterfoil: {text}", flush=True)


def fail(text: str) -> None:
    sys.exit(f"counterfoil: {text}")


def interpreter() -> str:
    """This Python if it is new enough, else a newer one on the PATH."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for name in ("python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found:
            return found
    fail("needs Python 3.11 or newer. On Debian 12: apt-get install python3 python3-venv.")
    raise AssertionError


def ensure(requirements: str) -> None:
    """Make the environment fit ``requirements`` (a hashed file); fast when it does already."""
    if not PYTHON.exists():
        say("making .venv …")
        make_venv(interpreter())
    wanted = hashlib.sha256((ROOT / requirements).read_bytes()).hexdigest()
    stamps = [VENV / f"{name}.stamp" for name in ("requirements.txt", "requirements-dev.txt")]
    # the development set holds all of the other, so either stamp of the same day will do for the smaller one
    enough = [VENV / f"{requirements}.stamp"] + ([stamps[1]] if requirements == "requirements.txt" else [])
    for stamp in enough:
        source = ROOT / stamp.name.removesuffix(".stamp")
        if stamp.exists() and stamp.read_text() == hashlib.sha256(source.read_bytes()).hexdigest():
            return
    say(f"installing the packages of {requirements} …")
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    if subprocess.run([*command, "-r", str(ROOT / requirements)], check=False).returncode:
        fail("pip could not install the packages; its message is above. With a mirror, set PIP_INDEX_URL.")
    (VENV / f"{requirements}.stamp").write_text(wanted)


def make_venv(python: str) -> None:
    if venv_works(python) or (install_venv_module() and venv_works(python)):
        return
    fail(
        "this Python cannot make virtual environments (a bare Debian leaves that out). "
        "As root: apt-get install python3-venv; then run this again."
    )


def venv_works(python: str) -> bool:
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([python, "-m", "venv", str(VENV)], check=False, capture_output=True)
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
    return done.returncode == 0


def install_venv_module() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say("installing python3-venv …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False)
    return not subprocess.run(["apt-get", "install", "-y", "-qq", "python3-venv"], env=quiet, check=False).returncode


if __name__ == "__main__":
    ensure(sys.argv[1] if len(sys.argv) > 1 else "requirements.txt")
