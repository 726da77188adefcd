"""The sample data: its import with all results, its screens, and how fresh its figures are."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.paginator import Paginator
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from matching.capture import CapturedLine, capture_invoice
from matching.models import Hold, SupplierInvoice
from procure.bootstrap import ROOT
from procure.events import work_off
from procure.models import Location, Membership, Organization, PendingEvent, User
from procure.permissions import Role
from procure.tenancy import tenant_atomic
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from suppliers.models import Sku, StaleRollup, Supplier
from tests.benchmarks import house
from tests.benchmarks.measuring import Report, median, p95, say, spent, statements, target, timed

SLUG = "scms"
TABLES = (
    ("suppliers", "suppliers.csv"),
    ("skus", "items.csv"),
    ("purchase_orders", "po_lines.csv"),
    ("receipts", "receipts.csv"),
)
RECEIPTS = 50
REQUESTS = 20
PATIENCE_SECONDS = 20
START_SECONDS = 120  # what a worker may take until it is up, on a busy machine


def sample_folder() -> Path | None:
    folder = Path(os.environ.get("PROCURE_SAMPLE_DATA") or ROOT.parent / "shared" / "data") / "scms"
    return folder if folder.is_dir() else None


# --- Import -----------------------------------------------------------------------------------


def bench_import() -> Report:
    folder = sample_folder()
    if folder is None:
        return {"skipped": "PROCURE_SAMPLE_DATA names no folder with the sample data."}
    house.command(
        *("create_organization", SLUG, "--name", "SCMS", "--currency", "USD"),
        *("--owner", "owner@scms.test", "--password", "only-for-the-bench"),
    )
    steps: Report = {}
    for kind, name in TABLES:
        say(f"Importing {name}.")
        began = time.perf_counter()
        done = house.command(
            "import_csv", kind, str(folder / name), "--organization", SLUG, "--json"
        )
        told = json.loads(done["text"])
        steps[kind] = {
            "rows": told["rows"],
            "refused": len(told["refused"]),
            "seconds": round(time.perf_counter() - began, 1),
            "cpu_seconds": done["cpu_seconds"],
            "peak_mb": done["peak_mb"],
        }
    say("Verifying every result against the documents.")
    verified = house.command("recompute", "--organization", SLUG, "--verify")
    return {
        "steps": steps,
        "seconds": target(round(sum(step["seconds"] for step in steps.values()), 1), 60),
        "peak_mb": target(max(step["peak_mb"] for step in steps.values()), 500),
        "verified": verified["text"].strip(),
        "peak_mb_of_verifying": verified["peak_mb"],
    }


# --- People and documents to look at ----------------------------------------------------------


def organization() -> Organization:
    return Organization.objects.get(slug=SLUG)


def member(role: str) -> User:
    """A person of this role in the imported organization."""
    person, _ = User.objects.get_or_create(
        email=f"{role}@scms.test", defaults={"full_name": Role(role).label}
    )
    Membership.objects.get_or_create(
        organization=organization(), user=person, defaults={"roles": [role]}
    )
    return person


def client_of(role: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(member(role))
    return client


def an_open_order(supplier: Supplier, skus: list[Sku], number: str) -> PurchaseOrder:
    today = timezone.localdate()
    place, _ = Location.objects.get_or_create(code="BENCH", defaults={"name": "Bench"})
    order = PurchaseOrder.objects.create(
        number=number,
        supplier=supplier,
        ship_to=place,
        currency="USD",
        status="issued",
        origin="imported",
        issued_on=today - timedelta(days=9),
    )
    PurchaseOrderLine.objects.bulk_create(
        PurchaseOrderLine(
            order=order,
            line_no=line_no,
            sku=sku,
            description=sku.description,
            ordered_quantity=1000,
            unit=sku.unit,
            unit_price=2,
            amount=2000,
            promised_on=today,
        )
        for line_no, sku in enumerate(skus, 1)
    )
    return order


def hold_invoices(count: int) -> None:
    """Invoices over orders of which nothing has come: each is held."""
    suppliers = list(Supplier.objects.order_by("pk")[:20])
    skus = list(Sku.objects.order_by("pk")[:3])
    for number in range(count):
        supplier = suppliers[number % len(suppliers)]
        order = an_open_order(supplier, skus, f"HELD-{number}")
        capture_invoice(
            supplier=supplier,
            number=f"HELD-{number}",
            invoiced_on=timezone.localdate(),
            currency="USD",
            lines=[
                CapturedLine(
                    quantity=Decimal(10),
                    unit_price=Decimal(3),
                    order_number=str(order.number),
                    order_line_no=str(line_no),
                )
                for line_no in range(1, 4)
            ],
            actor=None,
        )


# --- Screens ----------------------------------------------------------------------------------


@contextmanager
def pages_of(rows: int) -> Iterator[None]:
    """Lists show so many rows to a page."""
    original = Paginator.__init__

    def init(self: Paginator, object_list: Any, per_page: Any, *args: Any, **kwargs: Any) -> None:
        original(self, object_list, rows, *args, **kwargs)

    Paginator.__init__ = init  # type: ignore[method-assign]
    try:
        yield
    finally:
        Paginator.__init__ = original  # type: ignore[method-assign]


def bench_screens() -> Report:
    if sample_folder() is None:
        return {"skipped": "They are measured with the sample data."}
    say("Screens with 10 and with 100 rows.")
    with tenant_atomic(organization().pk):
        supplier = Supplier.objects.order_by("pk")[0]
        skus = list(Sku.objects.order_by("pk")[:100])
        orders = {rows: an_open_order(supplier, skus[:rows], f"WIDE-{rows}") for rows in (10, 100)}
        hold_invoices(100)
        held = SupplierInvoice.objects.filter(number="HELD-1").get()
        assert Hold.objects.count() >= 100
    work_off(organization().pk)
    busiest = {"suppliers": "SCMS from RDC"}
    with tenant_atomic(organization().pk):
        scored = Supplier.objects.filter(name=busiest["suppliers"]).first() or supplier
        sku = Sku.objects.order_by("pk")[0]
    found: Report = {}
    for title, role, name, addressed in (
        ("order list", "buyer", "purchasing:order_list", {}),
        ("order detail", "buyer", "purchasing:order_detail", orders),
        ("receiving list", "receiver", "purchasing:receiving_list", {}),
        ("receiving an order", "receiver", "purchasing:receive_order", orders),
        ("hold queue", "ap_clerk", "matching:exception_queue", {}),
        ("exception detail", "ap_clerk", "matching:exception_detail", held),
        ("invoice list", "ap_clerk", "matching:invoice_list", {}),
        ("scorecard list", "operations_lead", "matching:scorecard_list", {}),
        ("scorecard", "operations_lead", "matching:scorecard_detail", scored),
        ("SKU cost list", "operations_lead", "matching:sku_cost_list", {}),
        ("SKU cost", "operations_lead", "matching:sku_cost_detail", sku),
        ("supplier list", "sourcing_lead", "suppliers:supplier_list", {}),
        ("supplier", "sourcing_lead", "suppliers:supplier_detail", scored),
        ("SKU list", "sourcing_lead", "suppliers:sku_list", {}),
        ("home", "buyer", "procure:home", {}),
    ):
        client = client_of(role)
        found[title] = {
            f"{rows} rows": one_screen(client, name, addressed, rows) for rows in (10, 100)
        }
        sizes = [of_size.get("statements") for of_size in found[title].values()]
        found[title]["same_statements"] = sizes[0] == sizes[1]
    return found


def one_screen(client: Client, name: str, addressed: Any, rows: int) -> Report:
    subject = addressed.get(rows) if isinstance(addressed, dict) else addressed
    try:
        path = reverse(name, args=[SLUG, *([subject.public_id] if subject else [])])
    except NoReverseMatch:
        return {"skipped": f"{name} is not there yet."}
    with pages_of(rows):
        response = client.get(path)
        if response.status_code != 200:
            return {"skipped": f"{path} answered {response.status_code}."}
        with spent(REQUESTS) as cpu:
            times = [timed(lambda: client.get(path)) for _ in range(REQUESTS)]
        with statements() as sent:
            client.get(path)
    work = sent.work
    return {
        "statements": target(work, 15),
        "p95_ms": target(p95(times), 150),
        "median_ms": median(times),
        "cpu_ms": cpu.figures(),
        "ms_waiting_for_the_database": round(sent.milliseconds, 1),
        "kilobytes": round(len(response.content) / 1024),
        "slowest_statements": sent.worst(2),
    }


# --- Freshness --------------------------------------------------------------------------------


def bench_freshness(home: Path) -> Report:
    if sample_folder() is None:
        return {"skipped": "It is measured with the sample data."}
    say("Receipts posted in the browser, with a real worker.")
    with tenant_atomic(organization().pk):
        supplier = (
            Supplier.objects.filter(name="SCMS from RDC").first() or Supplier.objects.all()[0]
        )
        sku = PurchaseOrderLine.objects.filter(order__supplier=supplier)[0].sku
        order = an_open_order(supplier, [sku], "FRESH-1")
    work_off(organization().pk)
    client = client_of("receiver")
    path = reverse("purchasing:receive_order", args=[SLUG, order.public_id])
    with house.worker(home):
        receive_until_visible(client, path, supplier.pk, START_SECONDS)  # then the worker is up
        times = [receive_until_visible(client, path, supplier.pk) for _ in range(RECEIPTS)]
    answered, visible = zip(*times, strict=True)
    return {
        "by": "a worker process as `start` runs it (threads, 2), idle before each receipt",
        "receipts": RECEIPTS,
        "supplier": supplier.name,
        "p95_ms_from_sending_to_visible": target(p95(visible), 1000),
        "median_ms_from_sending_to_visible": median(visible),
        "median_ms_until_the_page_answers": median(answered),
    }


def receive_until_visible(
    client: Client, path: str, supplier_id: int, patience: float = PATIENCE_SECONDS
) -> tuple[float, float]:
    """Milliseconds until the page answers, and until nothing of the supplier is stale."""
    began = time.perf_counter()
    response = client.post(path, {"line-1-good": "1", "received_on": str(timezone.localdate())})
    assert response.status_code == 302, response.content[:500]
    answered = time.perf_counter()
    while is_stale(supplier_id):
        if time.perf_counter() - began > patience:
            raise RuntimeError("The worker does not work off the receipt.")
        time.sleep(0.005)
    visible = time.perf_counter()
    wait_until_idle()
    return (answered - began) * 1000, (visible - began) * 1000


def is_stale(supplier_id: int) -> bool:
    with tenant_atomic(organization().pk):
        return StaleRollup.objects.filter(supplier_id=supplier_id).exists()


def wait_until_idle() -> None:
    """Lets the worker end what it does for this receipt before the next one is posted."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < deadline:
        with tenant_atomic(organization().pk):
            if not PendingEvent.objects.exists():
                return
        time.sleep(0.005)
