from suppliers.bank_changes import BankDetails, propose_bank_account
from suppliers.models import BankAccount, Contact
from tests.matching.paying import an_order, billed, invoice, receive
from tests.world import World

NUMBER = "DE89370400440532013000"


def test_a_change_is_proposed_called_back_and_confirmed_on_its_screens(world: World) -> None:
    with world.inside():
        Contact.objects.create(supplier=world.northline, name="Ida", phone="+1 555 0101")
    lead, admin = world.client("ap_lead"), world.client("admin")
    details = {"holder": "Northline", "country": "DE", "iban": "DE89 3704 0044 0532 0130 00"}
    path = world.url(f"suppliers/{world.northline.public_id}/bank-accounts/new/")
    refused = lead.post(path, {**details, "currency": "XXZ", "reason": "Letter"})
    assert refused.status_code == 422
    made = lead.post(path, {**details, "currency": "USD", "reason": "Letter"})
    detail = made.headers["Location"]
    page = lead.get(detail)
    assert NUMBER in page.content.decode()
    assert "payment waits" in page.content.decode()
    when = page.context["account"].proposed_at.strftime("%Y-%m-%dT%H:%M")
    call = {"number": "+1 555 0101", "spoke_with": "Ida", "called_at": when, "note": "Yes"}
    assert lead.post(f"{detail}call-back/", call).status_code == 302
    own = lead.post(f"{detail}confirm/", {"is_compared": "on"})
    assert (own.status_code, b"a second person has to confirm" in own.content) == (422, True)
    assert admin.post(f"{detail}confirm/", {"is_compared": "on"}).status_code == 302
    with world.inside():
        assert BankAccount.objects.get().status == "confirmed"


def test_the_number_is_masked_for_those_who_may_not_see_it(world: World) -> None:
    with world.inside():
        Contact.objects.create(supplier=world.northline, name="Ida", phone="+1 555 0101")
        account = propose_bank_account(
            world.northline,
            details=BankDetails(holder="N", country="DE", currency="USD", iban=NUMBER),
            reason="Letter",
            actor=world.people["ap_lead"],
        )
    for path in (f"bank-accounts/{account.public_id}/", f"suppliers/{world.northline.public_id}/"):
        seen = world.client("buyer").get(world.url(path)).content.decode()
        assert "DE •••• 3000" in seen
        assert NUMBER not in seen


def test_an_approved_invoice_says_that_its_payment_waits(world: World) -> None:
    with world.inside():
        order = an_order(world, (world.shipper, 100, "0.612"))
        receive(world, order, (1, 100))
        one = invoice(world, "INV-1", billed(1, 100, "0.612"))
        Contact.objects.create(supplier=world.northline, name="Ida", phone="+1 555 0101")
    path = world.url(f"invoices/{one.public_id}/")
    before = world.client("ap_clerk").get(path)
    assert (before.context["invoice"].status, before.context["payment_hold"]) == ("approved", None)
    with world.inside():
        propose_bank_account(
            world.northline,
            details=BankDetails(holder="N", country="DE", currency="USD", iban=NUMBER),
            reason="Letter",
            actor=world.people["ap_lead"],
        )
    page = world.client("ap_clerk").get(path).content.decode()
    assert "Bank details are changing: payment waits until the call-back is made" in page


def test_addresses_and_risks_are_kept_on_the_suppliers_page(world: World) -> None:
    lead = world.client("sourcing_lead")
    page = world.url(f"suppliers/{world.northline.public_id}/")
    assert lead.post(f"{page}addresses/returns/", {"address": "12 Mill Road"}).status_code == 302
    risk = {"kind": "financial", "severity": "high", "text": "Late accounts", "valid_until": ""}
    assert lead.post(f"{page}risks/new/", {**risk, "text": ""}).status_code == 422
    assert lead.post(f"{page}risks/new/", risk).status_code == 302
    seen = lead.get(page)
    for words in ("12 Mill Road", "High financial risk", "Late accounts"):
        assert words in seen.content.decode()
    close = world.url(f"risks/{seen.context['risks'][0].public_id}/close/")
    assert lead.post(close, {"reason": "Filed"}).status_code == 302
    assert lead.get(page).context["risks"] == []
