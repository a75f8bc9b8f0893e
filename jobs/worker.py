"""A worker: ``python -m jobs.worker``. Any number may run, on any number of machines; a supervisor restarts what ends.

Jobs run in the worker's own process: an empty job costs half of what a fork costs, and a killed worker loses only its
lease, which another takes over."""

import sys

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from rq import Queue, SimpleWorker

from backoffice.app import account, create_app
from backoffice.core.ports import settings
from backoffice.tasks.bell import QUEUE


def main() -> None:
    app = create_app()
    account.confirm(app)
    with app.app_context():
        connection = Redis.from_url(settings().redis_url)
        try:
            SimpleWorker([Queue(QUEUE, connection=connection)], connection=connection).work(logging_level="WARNING")
        except RedisConnectionError as error:
            sys.exit(f"The worker lost Redis ({error}) and ends; its supervisor starts it again.")


if __name__ == "__main__":
    main()
