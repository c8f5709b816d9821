"""Worker tasks of the outbox."""

from celery import shared_task

from common import outbox


@shared_task(name="common.tasks.drain_outbox")
def drain_outbox() -> None:
    """Work off what is due in the message's municipality."""
    outbox.drain()
