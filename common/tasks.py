"""Worker tasks of one municipality: its outbox, its nightly chores."""

from celery import shared_task

from common import chores, outbox


@shared_task(name="common.tasks.drain_outbox")
def drain_outbox() -> None:
    """Work off what is due in the message's municipality."""
    outbox.drain()


@shared_task(name="common.tasks.run_chores")
def run_chores() -> None:
    """Do what the message's municipality does once a night."""
    chores.run()
