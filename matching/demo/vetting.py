"""The demo's checklists and what its suppliers answered: most in order, some with work to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from matching.demo.company import Company
from matching.demo.waiting import Desk
from procure.attachments import CheckedFile, keep_file
from purchasing.models import PurchaseOrder
from purchasing.ordering import submit_purchase_order
from suppliers.admitting import admit_provisionally, tick_admission_task
from suppliers.checklists import criteria_of
from suppliers.criteria import answer_criterion
from suppliers.expiring import remind_of_expiries
from suppliers.models import CriterionAnswer, Qualification, QualificationCriterion
from suppliers.qualification import qualify_supplier

INSURANCE, CONDUCT = "Liability insurance", "Code of conduct signed"
AUDIT, CONTACT, VISIT = "Food safety audit", "Food contact declaration", "Site visit"

# Category, name, asks for a document, mandatory, months it holds.
CRITERIA = (
    ("ING", INSURANCE, True, True, 12),
    ("ING", CONDUCT, False, True, None),
    ("ING", AUDIT, True, True, 12),
    ("ING", VISIT, False, False, None),
    ("PACK", INSURANCE, True, True, 12),
    ("PACK", CONDUCT, False, True, None),
    ("PACK", CONTACT, True, True, 24),
    ("PACK-BOX", VISIT, False, False, None),
    ("SVC-LAB", "Accreditation", True, True, 36),
)
SOON_DAYS = 12
TASKS = (
    "Liability insurance certificate",
    "Food safety audit booked",
    "First lot tested by our laboratory",
    "Code of conduct signed",
)


def make_vetting(company: Company) -> None:
    """Checklists, answers with documents, one suspension, one emergency half used."""
    for code, name, needs_evidence, is_mandatory, months in CRITERIA:
        QualificationCriterion.objects.create(
            category=company.categories[code],
            name=name,
            needs_evidence=needs_evidence,
            is_mandatory=is_mandatory,
            validity_months=months,
        )
    qualified = Qualification.objects.filter(status__in=Qualification.USABLE)
    _answer_all(company, qualified.select_related("supplier", "category").order_by("pk"))
    _half_a_review(company)
    _suspend(company)
    _admit(company)
    remind_of_expiries()


def _answer_all(company: Company, qualifications: Iterable[Qualification]) -> None:
    """Every mandatory point met, its document valid for a while; Ashgrove's insurance ends soon."""
    answers = []
    for number, qualification in enumerate(qualifications):
        ends_soon = qualification.supplier.code == "ASHGROVE"
        for place, criterion in enumerate(criteria_of(qualification.category)):
            if not criterion.is_mandatory:
                continue
            last_day = company.today + timedelta(days=90 + (number * 37 + place * 61) % 260)
            if ends_soon and criterion.name == INSURANCE:
                last_day = company.today + timedelta(days=SOON_DAYS)
            answers.append(
                CriterionAnswer(
                    qualification=qualification,
                    criterion=criterion,
                    outcome=CriterionAnswer.Outcome.MET,
                    valid_to=last_day if criterion.validity_months else None,
                    answered_by=company.people["sourcing"],
                    answered_at=qualification.decided_at,
                )
            )
    for answer in CriterionAnswer.objects.bulk_create(answers):
        if answer.criterion.needs_evidence:
            name = f"{answer.criterion.name} of {answer.qualification.supplier.name}"
            file = CheckedFile(f"{name}.pdf", a_page(name), "application/pdf")
            keep_file(answer, file, uploaded_by=company.people["sourcing"])


def _half_a_review(company: Company) -> None:
    """Kestrel, which sends good boxes early, has not shown its insurance yet."""
    review = Qualification.objects.get(
        supplier=company.suppliers["KESTREL"], category=company.categories["PACK-BOX"]
    )
    for criterion in criteria_of(review.category):
        if criterion.name in (CONDUCT, CONTACT):
            upload = None
            if criterion.needs_evidence:
                content = a_page(f"{criterion.name} of Kestrel Pack")
                upload = SimpleUploadedFile(f"{criterion.name}.pdf", content, "application/pdf")
            answer_criterion(
                review,
                criterion=criterion,
                outcome=CriterionAnswer.Outcome.MET,
                upload=upload,
                actor=company.people["sourcing"],
            )


def _suspend(company: Company) -> None:
    qualify_supplier(
        company.suppliers["TROPICA"],
        category=company.categories["ING-FRUIT"],
        status=Qualification.Status.SUSPENDED,
        valid_to=None,
        note="Foreign matter in two lots of dried mango; the plan to correct it is awaited.",
        actor=company.people["sourcing"],
    )


def _admit(company: Company) -> None:
    """Cocoa Path helps out while cocoa is short: two of four orders are placed."""
    sourcing = company.people["sourcing"]
    admission = admit_provisionally(
        company.suppliers["COCOAPATH"],
        category=company.categories["ING-COCOA"],
        maximum_spend=Decimal(20000),
        maximum_orders=4,
        expires_on=company.today + timedelta(days=45),
        tasks=TASKS,
        reason="Cacaohaus cannot ship before its press is repaired; cover for the bars.",
        actor=sourcing,
    )
    tick_admission_task(admission.tasks.earliest("position"), is_done=True, actor=sourcing)
    desk, buyer = Desk(company), company.people["buyer"]
    for wanted in ((("CHO-70", "600"),), (("COA-PW", "500"),)):
        order = desk.draft("COCOAPATH", "ING-COCOA", wanted)
        PurchaseOrder.objects.filter(pk=order.pk).update(
            off_list_reason=PurchaseOrder.OffListReason.NEEDED_SOONER,
            off_list_explanation="Cacaohaus cannot ship before its press is repaired.",
            off_list_supplier=company.suppliers["COCOAPATH"],
        )
        submit_purchase_order(order, revision_shown=None, actor=buyer)


def a_page(text: str) -> bytes:
    """A PDF of one page that says this."""
    words = text.replace("\\", "").replace("(", "").replace(")", "")
    drawn = f"BT /F1 20 Tf 72 720 Td ({words}) Tj ET".encode("latin-1", "replace")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    page, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(page))
        page += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(page)
    return page + b"xref\n0 6\n0000000000 65535 f \n" + table + end
