"""Files of a draft outside a step's form: attached, taken off, found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from common.actor import Actor
from forms import attachments, entries, pages, storing, validation
from forms.errors import DraftClosed, FileRefused
from forms.models import Attachment, Draft
from forms.prepared import Node
from forms.questions import FileQuestion


def add_file(
    *, draft: Draft, question_id: str, upload: Any, by: Actor, path: Sequence[str] = ()
) -> Attachment:
    """Attach one file outside a step's form (an upload in pieces, the API).

    In a group it goes to the entry with these keys (`forms.entries`), wherever that stands now.
    Raises `FileRefused`, `DraftClosed`, `LookupError`.
    """
    node = file_node(draft, question_id)
    question = cast("FileQuestion", node.question)
    files_of(draft, node, path)
    attachment = attachments.store(draft, question, upload)
    # The row is locked since then: what other windows saved is known, and nobody saves now.
    draft.refresh_from_db(fields=["answers", "provenance", "steps_done", "lock", "state"])
    try:
        held = files_of(draft, node, path)
    except LookupError:  # somebody removed the entry while the file was being examined
        attachments.discard(draft, [str(attachment.pk)])
        raise
    if len(held) < question.max_files:
        files = [*held, str(attachment.pk)]
        draft.answers = entries.with_answer(draft.prepared, node, draft.answers, path, files)
        if storing.update(draft):
            return attachment
    attachments.discard(draft, [str(attachment.pk)])
    if draft.is_open:
        raise FileRefused(validation.too_many_files(question.max_files), code="too_many_files")
    raise DraftClosed


def remove_file(*, draft: Draft, question_id: str, attachment_id: str, by: Actor) -> None:
    """Take an attached file off again. Raises `DraftClosed`, `LookupError`."""
    if file_node(draft, question_id).groups:
        raise LookupError(f"files of entries go with their page: '{question_id}'")
    kept = [item for item in draft.answers.get(question_id) or [] if item != str(attachment_id)]
    draft.answers = {name: v for name, v in draft.answers.items() if name != question_id}
    if kept:
        draft.answers[question_id] = kept
    if not storing.update(draft):
        raise DraftClosed
    attachments.discard(draft, [str(attachment_id)])


def files_of(draft: Draft, node: Node, path: Sequence[str] = ()) -> list[str]:
    """Ids of the files that answer a question, of the entry with these keys. `LookupError`."""
    _name, entry = entries.find(draft.prepared, node, draft.answers, path)
    return list(entry.get(node.id) or [])


def file_node(draft: Draft, question_id: str) -> Node:
    """A question for files.

    It may hang on an answer of its own page that is not saved yet, so whether it is asked is not
    looked at: what is not asked in the end is not sent. Raises `DraftClosed`, `LookupError`.
    """
    if not draft.is_open:
        raise DraftClosed
    prepared = draft.prepared
    node = prepared.nodes.get(question_id)
    state = draft.evaluated()
    if (
        node is None
        or node.question.type != "file"
        or node.top_id not in pages.allowed(draft, prepared, state)
    ):
        raise LookupError(f"no file question '{question_id}'")
    return node
