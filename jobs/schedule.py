"""The schedule: ``rq cron jobs/schedule.py``. Every entry is safe to run twice, so two schedules at once are harmless."""

from rq import cron

from backoffice.tasks.bell import QUEUE
from jobs import wakeup

cron.register(wakeup.sweep, QUEUE, interval=5, job_timeout=600, result_ttl=0, failure_ttl=3600, ttl=60)
cron.register(wakeup.check_promises, QUEUE, interval=3600, job_timeout=1800, result_ttl=0, failure_ttl=3600, ttl=600)
cron.register(wakeup.reconcile, QUEUE, interval=3600, job_timeout=1800, result_ttl=0, failure_ttl=3600, ttl=600)
cron.register(wakeup.poll_events, QUEUE, interval=30, result_ttl=0, failure_ttl=3600, ttl=60)
