"""Rules of the tree that no linter knows: what config and wsgi may import, and what the web program never loads."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import config
from config import ConfigurationError, load

GOOD = {
    "COUNTERFOIL_ENV": "production", "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789", "MAIL": "smtp://mail.example:587",
    "DATA_KEY": "zyxwvutsrqponmlkjihgfedcba9876543210", "DATABASE_URL": "mysql+pymysql://u:p@db/shop",
    "REDIS_URL": "redis://redis/0", "BASE_URL": "https://shop.example", "MAIL_FROM": "a@shop.example", "PAYMENTS": "stripe",
    "METRICS_TOKEN": "0123456789abcdef", "STRIPE_API_KEY": "rk_live_0123456789", "STRIPE_ACCOUNT": "acct_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_new,whsec_old",
}  # fmt: skip


def imports(path: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.Import):
            found |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_config_stands_on_the_standard_library_alone():
    assert {name.split(".")[0] for name in imports("config.py")} <= set(sys.stdlib_module_names)


def test_wsgi_knows_the_application_alone():
    assert imports("wsgi.py") == {"backoffice.app"}


def test_services_models_and_pure_files_know_no_web_framework():
    for path in Path("backoffice").rglob("*.py"):
        slice_ = path.parts[1]
        if slice_ in ("core", "app", "admin", "commands", "wiring.py") or path.name == "views.py":
            continue
        names = {name.split(".")[0] for name in imports(str(path))}
        assert not names & {"flask", "flask_admin", "flask_wtf", "flask_login", "flask_sqlalchemy"}, path


def test_the_web_program_never_loads_a_typesetter():
    code = "import sys, wsgi; print(sorted({'typst', 'pyhanko', 'facturx'} & set(sys.modules)))"
    env = {**os.environ, "COUNTERFOIL_VAR": os.environ.get("TMPDIR", "/tmp") + "/counterfoil-structure"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_complete_production_environment_is_accepted():
    assert load(GOOD).is_production


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY needs"),
        ({"SECRET_KEY": "a" * 40}, "SECRET_KEY needs"),
        ({"DATA_KEY": "short"}, "DATA_KEY needs"),
        ({"PAYMENTS": "sandbox"}, "moves no money"),
        ({"STRIPE_API_KEY": "sk_test_abc"}, "is a test key, and STRIPE_MODE is live"),
        ({"STRIPE_API_KEY": "pk_live_abc"}, "secret or restricted key"),
        ({"STRIPE_API_KEY": ""}, "secret or restricted key"),
        ({"STRIPE_ACCOUNT": ""}, "STRIPE_ACCOUNT"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_a,oops"}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_API_BASE": "http://127.0.0.1:1"}, "drill"),
        ({"PAYMENTS": ""}, "PAYMENTS"),
        ({"MAIL": "folder"}, "sends nothing"),
        ({"BASE_URL": "http://shop.example"}, "https"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "SQLite"),
        ({"DATABASE_URL": "postgresql://x"}, "DATABASE_URL must be"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"METRICS_TOKEN": ""}, "METRICS_TOKEN"),
        ({"TRUSTED_PROXIES": "one"}, "TRUSTED_PROXIES"),
        ({"COUNTERFOIL_KILL_AT": "x"}, "drills"),
        ({"COUNTERFOIL_CLOCK_AHEAD": "5"}, "drills"),
        ({"COUNTERFOIL_ENV": "prod"}, "use development or production"),
    ],
)
def test_production_refuses_gaps_and_says_what_is_missing(change, words):
    with pytest.raises(ConfigurationError, match=words):
        load({**GOOD, **change})


def test_all_problems_are_told_at_once():
    with pytest.raises(ConfigurationError) as refusal:
        load({"COUNTERFOIL_ENV": "production"})
    assert len(refusal.value.problems) >= 7


def test_nothing_set_is_the_development_profile(tmp_path):
    first = load({"COUNTERFOIL_VAR": str(tmp_path)})
    second = load({"COUNTERFOIL_VAR": str(tmp_path)})
    assert first == second, "secrets are made once and kept"
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert first.database_url == f"sqlite:///{tmp_path / 'counterfoil.db'}"


def test_a_long_path_gets_a_short_socket(tmp_path):
    deep = tmp_path / ("x" * 120)
    assert len(str(config.redis_socket(deep))) < 100
