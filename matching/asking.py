"""Questions about a held invoice to the buyer or the receiver, and their answers back to the clerk."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from matching.authority import membership_of
from matching.models import Hold, InvoiceNote, SupplierInvoice
from matching.questions import HoldQuestion
from matching.resolution import held_invoice, require_text, touch_invoice
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import User


@transaction.atomic
def ask_owner(
    invoice: SupplierInvoice, *, person: User, question: str, actor: User
) -> SupplierInvoice:
    """Asks a colleague about the open holds: they find it in their queue, with the question.

    Refused: an empty question, nothing held, somebody who may not resolve holds.
    """
    require_text(question, "Say what you want to know.", "question")
    invoice, holds = held_invoice(invoice)
    if not membership_of(person).may("holds.resolve"):
        raise BusinessRuleError("person", f"{person} does not work on holds.", "person")
    Hold.objects.filter(pk__in=[hold.pk for hold in holds]).update(assigned_to=person)
    InvoiceNote.objects.create(invoice=invoice, author=actor, text=question.strip())
    HoldQuestion.objects.create(
        invoice=invoice, asked_by=actor, person=person, question=question.strip()
    )
    touch_invoice(invoice)
    record(
        "hold.asked", invoice, actor=actor, summary=f"Asked {person}: {question.strip()}",
        person_id=person.pk,
    )  # fmt: skip
    return invoice


@transaction.atomic
def answer_question(invoice: SupplierInvoice, *, answer: str, actor: User) -> SupplierInvoice:
    """Answers what this person was asked about an invoice; it goes back to who asked last.

    Refused: an empty answer, nothing that this person was asked and has not answered.
    """
    require_text(answer, "Write your answer.", "reason")
    invoice, holds = held_invoice(invoice)
    asked = list(invoice.questions.filter(person=actor, answered_at__isnull=True).order_by("pk"))
    if not asked:
        raise BusinessRuleError("question", "Nobody waits for your answer on this invoice.")
    invoice.questions.filter(pk__in=[one.pk for one in asked]).update(
        answer=answer.strip(), answered_at=timezone.now(), answered_by=actor
    )
    back_to = asked[-1].asked_by
    Hold.objects.filter(pk__in=[hold.pk for hold in holds]).update(assigned_to=back_to)
    InvoiceNote.objects.create(invoice=invoice, author=actor, text=answer.strip())
    touch_invoice(invoice)
    record(
        "hold.answered", invoice, actor=actor, summary=f"Answered {back_to}: {answer.strip()}",
        person_id=back_to.pk,
    )  # fmt: skip
    return invoice
