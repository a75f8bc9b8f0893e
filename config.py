"""Configuration: environment variables, read once at start.

Nothing set means the development profile: SQLite and files under ``var/``, generated secrets, the sandbox provider.
``COUNTERFOIL_ENV=production`` refuses gaps, weak secrets and the sandbox, and names everything that is missing.
"""

import contextlib
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
SECRETS = ("SECRET_KEY", "DATA_KEY", "SANDBOX_API_KEY", "SANDBOX_WEBHOOK_SECRET")


class ConfigurationError(Exception):
    """The environment does not make a runnable configuration; every problem is listed."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("The configuration is not complete:\n" + "\n".join(f"  - {line}" for line in problems))


@dataclass(frozen=True)
class Settings:
    """What one process runs with. Times in seconds, sizes in bytes."""

    env: str
    var: Path
    secret_key: str
    data_key: str  # wraps the key of each person (audit log, personal data)
    database_url: str
    redis_url: str
    base_url: str
    payments: str
    sandbox_url: str
    sandbox_api_key: str
    stripe_api_key: str
    stripe_account: str
    stripe_mode: str  # test or live: what the key must say of itself
    stripe_api_base: str  # another server than Stripe's, for drills (never in production)
    webhook_secrets: tuple[str, ...]  # of the provider that is configured; several while one is replaced
    mail: str  # "folder" or smtp://user:password@host:port
    mail_from: str
    log_level: str
    log_format: str
    proxies: int
    guest_orders: int  # unpaid ones that guests of one network may have open at a time
    metrics_token: str
    kill_at: str  # a drill: the process kills itself at this border (never in production)
    clock_ahead: int  # a drill: this process lives so many seconds in the future (never in production)

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def is_https(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment. Raises ConfigurationError with every problem at once."""
    env = os.environ if environ is None else environ
    name = env.get("COUNTERFOIL_ENV", "development")
    var = Path(env.get("COUNTERFOIL_VAR") or ROOT / "var").resolve()
    keys = _development_secrets(var) if name == "development" else {}
    port = env.get("PORT", "5000")

    settings = Settings(
        env=name,
        var=var,
        secret_key=env.get("SECRET_KEY") or keys.get("SECRET_KEY", ""),
        data_key=env.get("DATA_KEY") or keys.get("DATA_KEY", ""),
        database_url=env.get("DATABASE_URL") or ("" if name == "production" else f"sqlite:///{var / 'counterfoil.db'}"),
        redis_url=env.get("REDIS_URL") or ("" if name == "production" else f"unix://{redis_socket(var)}"),
        base_url=(env.get("BASE_URL") or ("" if name == "production" else f"http://127.0.0.1:{port}")).rstrip("/"),
        payments=env.get("PAYMENTS") or ("" if name == "production" else "sandbox"),
        sandbox_url=(env.get("SANDBOX_URL") or f"http://127.0.0.1:{env.get('SANDBOX_PORT') or _next(port)}").rstrip(
            "/"
        ),
        sandbox_api_key=env.get("SANDBOX_API_KEY") or keys.get("SANDBOX_API_KEY", ""),
        stripe_api_key=env.get("STRIPE_API_KEY", ""),
        stripe_account=env.get("STRIPE_ACCOUNT", ""),
        stripe_mode=env.get("STRIPE_MODE") or ("live" if name == "production" else "test"),
        stripe_api_base=env.get("STRIPE_API_BASE", "").rstrip("/"),
        webhook_secrets=_list(
            env.get("STRIPE_WEBHOOK_SECRET", "")
            if env.get("PAYMENTS") == "stripe"
            else env.get("SANDBOX_WEBHOOK_SECRET") or keys.get("SANDBOX_WEBHOOK_SECRET", "")
        ),
        mail=env.get("MAIL") or ("" if name == "production" else "folder"),
        mail_from=env.get("MAIL_FROM")
        or ("" if name == "production" else "Plumb & Level <shop@plumb-and-level.example>"),
        log_level=env.get("LOG_LEVEL", "INFO"),
        log_format=env.get("LOG_FORMAT") or ("json" if name == "production" else "text"),
        proxies=_number(env, "TRUSTED_PROXIES"),
        guest_orders=_number(env, "GUEST_ORDERS_PER_NETWORK", "30"),
        metrics_token=env.get("METRICS_TOKEN", ""),
        kill_at=env.get("COUNTERFOIL_KILL_AT", ""),
        clock_ahead=_number(env, "COUNTERFOIL_CLOCK_AHEAD"),
    )
    problems = _problems(settings)
    if problems:
        raise ConfigurationError(problems)
    return settings


def redis_socket(var: Path) -> Path:
    """Where the embedded Valkey listens: in var/, unless the path is longer than a socket's name may be."""
    path = var / "redis.sock"
    if len(str(path)) < 100:
        return path
    return Path(tempfile.gettempdir()) / f"counterfoil-{hashlib.sha256(str(var).encode()).hexdigest()[:16]}.sock"


def _problems(settings: Settings) -> list[str]:
    if settings.env not in ("development", "production"):
        return [f"COUNTERFOIL_ENV is {settings.env!r}: use development or production"]
    found = []
    if not settings.database_url.startswith(("sqlite:", "mysql+pymysql:", "mariadb+pymysql:")):
        found.append("DATABASE_URL must be mysql+pymysql://user:password@host/database (or sqlite:///file)")
    if settings.payments == "stripe":
        found += _stripe_problems(settings)
    if settings.is_production:
        found += _production_problems(settings)
    return found


def _stripe_problems(settings: Settings) -> list[str]:
    """What of Stripe does not fit together; whether the key opens that account, ``flask payments check`` asks."""
    found = []
    modes = {"sk_test_": "test", "rk_test_": "test", "sk_live_": "live", "rk_live_": "live"}
    mode = modes.get(settings.stripe_api_key[:8])
    if mode is None:
        found.append("STRIPE_API_KEY must be a secret or restricted key: sk_…, or better rk_…, with _test_ or _live_")
    elif mode != settings.stripe_mode:
        found.append(f"STRIPE_API_KEY is a {mode} key, and STRIPE_MODE is {settings.stripe_mode}")
    if not settings.stripe_account.startswith("acct_"):
        found.append("STRIPE_ACCOUNT, the account that the key belongs to (acct_…), is not set")
    if not settings.webhook_secrets or not all(item.startswith("whsec_") for item in settings.webhook_secrets):
        found.append("STRIPE_WEBHOOK_SECRET, the signing secret of the webhook endpoint (whsec_…), is not set")
    if settings.stripe_api_base and settings.is_production:
        found.append("STRIPE_API_BASE is a drill and is refused in production")
    return found


def _production_problems(settings: Settings) -> list[str]:
    wants = {
        "REDIS_URL (redis://host:6379/0)": settings.redis_url,
        "BASE_URL, the public https address": settings.base_url,
        "MAIL (smtp://user:password@host:587)": settings.mail,
        "MAIL_FROM": settings.mail_from,
        "PAYMENTS, the payment provider": settings.payments,
        "METRICS_TOKEN, the bearer token for /metrics": settings.metrics_token,
    }
    found = [f"{what} is not set" for what, value in wants.items() if not value]
    for key, value in (("SECRET_KEY", settings.secret_key), ("DATA_KEY", settings.data_key)):
        if len(value) < 32 or len(set(value)) < 10:
            found.append(
                f'{key} needs at least 32 random characters: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
    if settings.payments == "sandbox":
        found.append("PAYMENTS=sandbox moves no money and is refused in production")
    if settings.mail == "folder":
        found.append("MAIL=folder sends nothing and is refused in production")
    if settings.database_url.startswith("sqlite:"):
        found.append("DATABASE_URL names SQLite; production runs on MariaDB 10.11+ or MySQL 8.4+")
    if settings.base_url and not settings.is_https:
        found.append("BASE_URL must start with https://")
    if settings.kill_at or settings.clock_ahead:
        found.append("COUNTERFOIL_KILL_AT and COUNTERFOIL_CLOCK_AHEAD are drills and are refused in production")
    return found


def _development_secrets(var: Path) -> dict[str, str]:
    """Secrets of the development profile, made once and kept in var/, so that restarts keep sessions and data readable."""
    path = var / "secrets.json"
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        pass
    var.mkdir(parents=True, exist_ok=True)
    draft = var / f"secrets.{os.getpid()}.tmp"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps({name: secrets.token_urlsafe(48) for name in SECRETS}))
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)  # the first of several processes wins; all read its file
    draft.unlink()
    return dict(json.loads(path.read_text()))


def _next(port: str) -> str:
    return str(int(port) + 1) if port.isdigit() else ""


def _number(env: Mapping[str, str], name: str, default: str = "0") -> int:
    value = env.get(name, default)
    if not value.isdigit():
        raise ConfigurationError([f"{name} is {value!r}: it must be a whole number"])
    return int(value)


def _list(value: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
