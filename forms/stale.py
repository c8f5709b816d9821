"""A page that was made from an older version of the form, sent after the draft was rebased.

Its fields are read by the form that it was made from, and carried over like stored answers. What
cannot be carried, or not even read, goes into the draft's report: nothing typed is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.http import QueryDict

from forms import attachments, entries, parsing, rebase, saving, sensitive
from forms.models import Draft, FormVersion
from forms.parsing import Read
from forms.prepared import Node
from forms.questions import GroupQuestion
from forms.rebase import NotKept
from forms.saving import SEEN, VERSION, Reader, Uploads
from forms.state import is_empty
from forms.validation import is_uuid


def version_of(draft: Draft, post: QueryDict) -> FormVersion | None:
    """The version a posted page was made from; None when it says none that this form has had."""
    said = str(post.get(VERSION, ""))
    if not is_uuid(said):
        return None
    if said == str(draft.version_id):
        return draft.version
    return FormVersion.objects.filter(pk=UUID(said), key=draft.version.key).first()


def nodes_of(page: FormVersion, step_id: str) -> tuple[Node, ...]:
    """The questions that were on the page. Raises `LookupError` for a step it did not have."""
    if step_id not in page.prepared.steps:
        raise LookupError(f"no step '{step_id}'")
    return page.prepared.step_nodes[step_id]


def take(draft: Draft, page: FormVersion, step_id: str, post: QueryDict, uploads: Uploads) -> None:
    """Put what was posted into the draft's answers and its report. The caller saves.

    Answers that were given meanwhile in another window stay, and the posted ones are reported.
    Raises `LookupError` for a step that neither version has.
    """
    old, new = page.prepared, draft.prepared
    reader = Reader(draft, old, post, uploads)
    reader.press_buttons()
    wanted = [
        node
        for node in saving.nodes_to_read(
            nodes_of(page, step_id), draft.evaluated(old), post, uploads.files
        )
        if not saving.is_locked(draft, node)
    ]
    read = reader.read(wanted)
    files = attachments.of_draft(draft) if any(node.asks_files for node in wanted) else {}
    clean = _nothing_else_was_saved(draft, step_id, post)
    taken, not_kept = Read(), list(_unreadable(page, wanted, reader, read))
    for node in wanted:
        if node.id not in read.values:
            continue
        value, stored = read.values[node.id], draft.answers.get(node.id)
        now = new.nodes.get(node.id)
        if value and now is not None and sensitive.is_sensitive(now.question):
            value = value if sensitive.is_sealed(value) else sensitive.seal(str(value))
        kept, lost = rebase.carry_answer(
            str(page.pk), node, new.nodes.get(node.id), node.id, value, files
        )
        if not (clean or is_empty(stored) or kept == stored):
            lost = [NotKept(str(page.pk), node.id, value)]
        elif node.id in new.nodes:
            taken.values[node.id] = kept
        not_kept += [item for item in lost if not is_empty(item.value)]
    draft.answers, draft.provenance = saving.merged(draft.answers, draft.provenance, taken)
    again = {new.nodes[name].step_id for name in taken.values} | {step_id}
    draft.steps_done = [done for done in draft.steps_done if done not in again]
    rebase.add_not_kept(draft, not_kept, page)


def _nothing_else_was_saved(draft: Draft, step_id: str, post: QueryDict) -> bool:
    """The page knew the answers that were rebased, and nobody has saved since."""
    report = draft.rebased or {}
    seen = post.get(SEEN)
    return report.get("lock") == draft.lock and (
        not seen or report.get("pages", {}).get(step_id) == seen
    )


def _unreadable(
    page: FormVersion, nodes: Iterable[Node], reader: Reader, read: Read
) -> Iterator[NotKept]:
    """Fields that were filled in with something that is no answer, as they were typed."""
    wrong = read.errors.keys() - reader.early_errors.keys()
    for node, name, within in _fields(nodes, reader):
        mine = [field for field in wrong if field == name or field.startswith(f"{name}-")]
        if not mine or node.items or sensitive.is_sensitive(node.question):
            continue  # a sensitive one is typed anew: nothing of it is kept in plain words
        names = parsing.field_names(node.question, name)
        words = [str(reader.post.get(field) or "").strip() for field in names]
        if node.question.type == "file":  # the messages name the files that were refused
            words = [message for field in mine for message in read.errors[field]]
        text = " ".join(word for word in words if word)[: saving.LONGEST_TYPED]
        group, inner = [*node.groups, "", ""][:2]
        entry, inner_entry = [*within, 0, 0][:2]
        yield NotKept(str(page.pk), node.id, text, group, entry, True, inner, inner_entry)


def _fields(
    nodes: Iterable[Node], reader: Reader, name: str = "", within: tuple[int, ...] = ()
) -> Iterator[tuple[Node, str, tuple[int, ...]]]:
    """Each question with the name its inputs have on the page, and the numbers of its entries."""
    for node in nodes:
        here = f"{name}{node.id}"
        yield node, here, within
        if isinstance(node.question, GroupQuestion):
            for index in range(entries.size(node.question, here, reader.post)):
                yield from _fields(node.items, reader, f"{here}-{index}-", (*within, index + 1))
