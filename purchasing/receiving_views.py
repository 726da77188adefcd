"""Receiving: what is due, the receipt on a phone, and what a receipt became."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from procure.attachments import IMAGES, attached, check_upload, files_of_all
from procure.documents import find, idempotent
from procure.errors import BusinessRuleError
from procure.middleware import PERMISSIONS_POLICY
from procure.models import BusinessEvent
from procure.money import ZERO
from procure.permissions import requires
from procure.screens import render_screen
from procure.tenancy import OrganizationRequest
from purchasing.filters import ReceiptFilter, by_number_or_supplier
from purchasing.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder
from purchasing.queries import (
    LineProgress,
    awaited_orders,
    line_progress,
    line_quantities,
    listed_receipts,
)
from purchasing.receiving import (
    ReceivedLine,
    ReturnedLine,
    post_receipt,
    post_return,
    return_rejected,
    reverse_receipt,
)
from purchasing.scanning import MOST_CHARACTERS, awaited_lines, read_scan
from purchasing.typed import in_readers_notation, typed_day, typed_decimal

PER_PAGE = 50
RECEIVING = "Receiving"
SCAN_SOMETHING = "Scan or type an order number, a SKU code, a GTIN or a delivery note."


@requires("receipts.read")
def receiving_list(request: OrganizationRequest) -> HttpResponse:
    """Issued orders that something is awaited of, the most overdue first."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:MOST_CHARACTERS]
    orders = awaited_orders()
    if text:
        of_sku = [line.order_id for line in awaited_lines(text)]
        orders = by_number_or_supplier(orders, text) | orders.filter(pk__in=of_sku)
    page = Paginator(orders, PER_PAGE).get_page(request.GET.get("page"))
    response = render_screen(
        request,
        "purchasing/receiving_list.html",
        {
            "page": page,
            "text": text,
            "today": timezone.localdate(),
            "may_write": request.membership.may("receipts.write"),
        },
        breadcrumb=[RECEIVING],
    )
    return _with_camera(response)


def _with_camera(response: HttpResponse) -> HttpResponse:
    """Lets a screen with the scan field use the camera; no other screen may."""
    response.headers["Permissions-Policy"] = PERMISSIONS_POLICY.replace(
        "camera=()", "camera=(self)"
    )
    return response


@requires("receipts.read")
def receiving_scan(request: OrganizationRequest) -> HttpResponse:
    """Jumps to what was scanned or typed: an order, its line, or a receipt posted already."""
    text, slug = request.GET.get("q", "").strip()[:MOST_CHARACTERS], request.organization.slug
    order = _scanned_order(request.GET.get("order", ""))
    found = read_scan(text, order)
    if found.receipt is not None:
        messages.info(request, f"“{text}” is posted already, as {found.receipt.number}.")
        return redirect("purchasing:receipt_detail", slug, found.receipt.public_id)
    if found.order is not None:
        name = "receive_order" if request.membership.may("receipts.write") else "order_detail"
        address = reverse(f"purchasing:{name}", args=[slug, found.order.public_id])
        number = found.line.line_no if found.line is not None else None
        return redirect(f"{address}?line={number}#line-{number}" if number else address)
    if order is not None and not found.lines:
        messages.warning(request, f"“{text}” is on no open order." if text else SCAN_SOMETHING)
        return redirect("purchasing:receive_order", slug, order.public_id)
    return redirect(f"{reverse('purchasing:receiving_list', args=[slug])}?{urlencode({'q': text})}")


def _scanned_order(public_id: str) -> PurchaseOrder | None:
    """The order on whose screen it was scanned; what is no id is none."""
    try:
        return find(PurchaseOrder, uuid.UUID(public_id)) if public_id else None
    except ValueError:
        return None


@requires("receipts.read")
def receipt_list(request: OrganizationRequest) -> HttpResponse:
    """All receipts and returns, newest first."""
    chosen = ReceiptFilter(request.GET, queryset=listed_receipts(), request=request)
    page = Paginator(chosen.qs, PER_PAGE).get_page(request.GET.get("page"))
    return render_screen(
        request,
        "purchasing/receipt_list.html",
        {"page": page, "filter": chosen},
        breadcrumb=["Receipts"],
        piece="purchasing/_receipt_rows.html",
    )


@requires("receipts.write")
@idempotent
@in_readers_notation
def receive_order(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """The receipt of one order, made for a phone; posted once."""
    order = find(PurchaseOrder, public_id)
    if request.method != "POST":
        return _receive_screen(request, order)
    try:
        receipt = post_receipt(
            order,
            lines=_received(request, line_progress(order)),
            received_on=typed_day(request.POST.get("received_on", ""), "received_on")
            or timezone.localdate(),
            delivery_note=request.POST.get("delivery_note", "")[:80],
            actor=request.user,
        )
    except BusinessRuleError as error:
        return _receive_screen(request, order, error)
    _say_posted(request, receipt)
    return redirect("purchasing:receipt_detail", request.organization.slug, receipt.public_id)


def _received(request: OrganizationRequest, progress: list[LineProgress]) -> list[ReceivedLine]:
    """What the form says of each line; an empty line is what came of it: nothing, or with
    "accept everything" all that is open."""
    everything = "accept_everything" in request.POST
    return [_received_line(request, one, everything) for one in progress]


def _received_line(
    request: OrganizationRequest, one: LineProgress, everything: bool
) -> ReceivedLine:
    key = f"line-{one.line.line_no}"
    good = request.POST.get(f"{key}-good", "").strip()
    rejected = request.POST.get(f"{key}-rejected", "").strip()
    photos = request.FILES.getlist(f"{key}-photos")
    unsaid = one.open if everything and not good and not rejected else ZERO
    return ReceivedLine(
        one.line.line_no,
        typed_decimal(good, f"{key}-good") if good else unsaid,
        typed_decimal(rejected, f"{key}-rejected") if rejected else ZERO,
        request.POST.get(f"{key}-reason", ""),
        tuple(check_upload(one, allowed=IMAGES, field=f"{key}-photos") for one in photos),
    )


def _say_posted(request: OrganizationRequest, receipt: GoodsReceipt) -> None:
    posted = BusinessEvent.objects.get(kind="goods_receipt.posted", subject_id=receipt.pk)
    tell = messages.warning if "limit" in posted.summary else messages.success
    tell(request, f"{receipt.number} is posted. {posted.summary}")


def _receive_screen(
    request: OrganizationRequest,
    order: PurchaseOrder,
    error: BusinessRuleError | None = None,
) -> HttpResponse:
    progress = line_progress(order)
    rows = [
        {
            "one": one,
            "key": f"line-{one.line.line_no}",
            "is_scanned": request.GET.get("line") == str(one.line.line_no),
            "lost_photos": bool(request.FILES.getlist(f"line-{one.line.line_no}-photos")),
            **{
                name: request.POST.get(f"line-{one.line.line_no}-{name}", "")
                for name in ("good", "rejected", "reason")
            },
        }
        for one in progress
    ]
    context: dict[str, Any] = {
        "order": order,
        "rows": sorted(rows, key=lambda row: row["one"].is_complete),
        "due_on": min(
            (day for one in progress if (day := one.line.promised_on or one.line.requested_on)),
            default=None,
        ),
        "today": timezone.localdate(),
        "received_on": request.POST.get("received_on", ""),
        "delivery_note": request.POST.get("delivery_note", ""),
        "reasons": GoodsReceiptLine.RejectReason.choices,
        "errors": [(error.field or "", error.message)] if error else [],
        "error_field": error.field if error else "",
    }
    response = render_screen(
        request,
        "purchasing/receive_order.html",
        context,
        section="purchasing:receiving_list",
        status=422 if error else 200,
    )
    return _with_camera(response)


@requires("receipts.write")
@require_POST
@idempotent
def rejected_return(
    request: OrganizationRequest, public_id: uuid.UUID, line_no: int
) -> HttpResponse:
    """Sends the rejected goods of a line back, so that a replacement can be received."""
    order = find(PurchaseOrder, public_id)
    try:
        returned = return_rejected(order, line_no=line_no, actor=request.user)
    except BusinessRuleError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            f"{returned.number} is posted: the rejected goods of line {line_no} went back. "
            "A credit is expected, or a replacement can be received.",
        )
    return redirect("purchasing:receive_order", request.organization.slug, public_id)


@requires("receipts.read")
@in_readers_notation
def receipt_detail(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """One receipt or return with its lines and what happened to it."""
    return _receipt_screen(request, find(GoodsReceipt, public_id))


def _receipt_screen(
    request: OrganizationRequest,
    receipt: GoodsReceipt,
    error: BusinessRuleError | None = None,
) -> HttpResponse:
    lines = list(receipt.lines.select_related("order_line__sku"))
    here = line_quantities([line.order_line_id for line in lines])
    photos = files_of_all(lines)
    context = {
        "receipt": receipt,
        "order": receipt.order,
        "lines": [(line, here[line.order_line_id]) for line in lines],
        "photographed": [(line, photos[line.pk]) for line in lines if line.pk in photos],
        "may_replace": receipt.order.status == PurchaseOrder.Status.ISSUED,
        "events": list(
            BusinessEvent.objects.filter(
                subject_type="purchasing.goodsreceipt", subject_id=receipt.pk
            ).select_related("actor")
        ),
        "attached": attached(request, receipt),
        "may_write": request.membership.may("receipts.write"),
        "errors": [(error.field or "", error.message)] if error else [],
    }
    return render_screen(
        request,
        "purchasing/receipt_detail.html",
        context,
        breadcrumb=[
            ("Receipts", reverse("purchasing:receipt_list", args=[request.organization.slug])),
            receipt.number,
        ],
        section="purchasing:receipt_list",
        status=409 if error else 200,
    )


@requires("receipts.write")
@idempotent
def receipt_reverse(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Takes a receipt back, after a question."""
    receipt = find(GoodsReceipt, public_id)
    if request.method != "POST":
        return _reversal_question(request, receipt)
    try:
        reverse_receipt(receipt, reason=request.POST.get("reason", ""), actor=request.user)
    except BusinessRuleError as error:
        return _receipt_screen(request, find(GoodsReceipt, public_id), error)
    messages.success(request, f"{receipt.number} is reversed.")
    return redirect("purchasing:receipt_detail", request.organization.slug, public_id)


def _reversal_question(request: OrganizationRequest, receipt: GoodsReceipt) -> HttpResponse:
    context = {
        "title": f"Reverse {receipt.number}?",
        "text": "Its quantities no longer count; invoices, scorecards and costs follow at once.",
        "button": "Reverse the receipt",
        "tone": "bad",
        "post_url": request.path,
        "back_url": reverse(
            "purchasing:receipt_detail", args=[request.organization.slug, receipt.public_id]
        ),
        "reason_label": "Reason",
    }
    return render_screen(request, "confirm.html", context, piece="_pieces/confirm.html")


@requires("receipts.write")
@idempotent
@in_readers_notation
def receipt_return(request: OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Sends goods of a receipt back to the supplier."""
    receipt = find(GoodsReceipt, public_id)
    if request.method != "POST":
        return HttpResponse(status=405)
    try:
        returned = post_return(
            receipt.order,
            lines=_returned(request, receipt),
            returned_on=timezone.localdate(),
            reason=request.POST.get("reason", ""),
            actor=request.user,
        )
    except BusinessRuleError as error:
        return _receipt_screen(request, receipt, error)
    messages.success(request, f"{returned.number} is posted. A credit is expected.")
    return redirect("purchasing:receipt_detail", request.organization.slug, returned.public_id)


_RETURNED = re.compile(r"line-(\d{1,6})-returned")


def _returned(request: OrganizationRequest, receipt: GoodsReceipt) -> list[ReturnedLine]:
    lines = []
    for name, text in request.POST.items():
        match = _RETURNED.fullmatch(name)
        quantity = typed_decimal(str(text), name) if match and str(text).strip() else Decimal(0)
        if match and quantity:
            lines.append(ReturnedLine(int(match[1]), quantity))
    return lines
