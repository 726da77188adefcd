from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from procure.models import BusinessEvent
from suppliers.agreeing import (
    AgreementTerms,
    PriceRow,
    agree_prices,
    change_agreed_prices,
    change_price_agreement,
)
from suppliers.agreements import WantedPrice, agreed_prices
from suppliers.models import AgreementAmendment, PriceAgreement, PriceBreak, StaleRollup, Supplier
from tests.suppliers.support import day, kinds, nothing_changes, refused
from tests.suppliers.world import sku


def row(sku, price, minimum="0", **more):
    return PriceRow(sku=sku, unit_price=Decimal(price), minimum_quantity=Decimal(minimum), **more)


def agree(world, *rows, **changes):
    values = {"number": "NL-1", "valid_from": day(-30), "valid_to": day(300), "note": ""}
    return agree_prices(world.northline, **{**values, **changes}, prices=rows, actor=world.sana)


def price(world, on, quantity="10"):
    pair = (world.northline.pk, world.small.pk)
    found = agreed_prices([WantedPrice(*pair, Decimal(quantity))], on).get(pair)
    return found and found.unit_price


def change(world, agreement, effective_on, *rows, **more):
    values = {"reason": "Index clause", **more}
    return change_agreed_prices(
        agreement, effective_on=effective_on, prices=rows, **values, actor=world.sana
    )


def test_prices_are_agreed_in_the_suppliers_currency_and_hold_with_the_agreement(world):
    made = agree(world, row(world.small, "0.60"), row(world.small, "0.55", "5000"))
    assert (made.number, made.currency) == ("NL-1", "USD")
    assert price(world, day()) == Decimal("0.60")
    assert price(world, day(), "5000") == Decimal("0.55")
    assert price(world, day(301)) is None
    assert StaleRollup.objects.get().sku == world.small
    assert kinds() == ["price_agreement.agreed"]


def test_a_number_in_use_is_refused(world):
    agree(world, row(world.small, "0.60"))
    with refused("number_taken", "There is an agreement “NL-1” already.", "number"):
        agree(world, row(world.large, "0.60"))


def test_two_prices_for_one_step_are_refused(world):
    sentence = "CTN-12 from 5,000 has two prices. Keep one."
    with refused("price_twice", sentence, "prices"):
        agree(world, row(world.small, "0.60", "5000"), row(world.small, "0.55", "5000.0000"))


def test_an_agreement_needs_prices_days_in_order_and_an_active_supplier(world):
    with refused("no_prices", field="prices"):
        agree(world)
    with refused("days_out_of_order", field="valid_to"):
        agree(world, row(world.small, "0.60"), valid_to=day(-31))
    Supplier.objects.filter(pk=world.northline.pk).update(status="blocked")
    with refused("wrong_status"):
        agree(world, row(world.small, "0.60"))


def test_a_new_price_holds_from_its_day_and_the_old_one_before(world):
    made = agree(world, row(world.small, "0.60"), row(world.small, "0.55", "5000"))
    change(world, made, day(10), row(world.small, "0.64"), row(world.large, "0.99"), reason="Index")
    assert price(world, day(9)) == Decimal("0.60")
    assert price(world, day(10)) == Decimal("0.64")
    assert price(world, day(10), "5000") == Decimal("0.55")
    assert kinds()[1:] == ["price_agreement.prices_changed"]
    with nothing_changes():
        change(world, made, day(10), row(world.small, "0.64"))


def test_a_price_begun_that_day_is_corrected_in_place(world):
    made = agree(world, row(world.small, "0.60"))
    before = PriceBreak.objects.get()
    change(world, made, day(-30), row(world.small, "0.61"))
    assert PriceBreak.objects.get().pk == before.pk
    assert price(world, day()) == Decimal("0.61")


def test_a_change_before_a_later_price_is_refused(world):
    made = agree(world, row(world.small, "0.60"))
    change(world, made, day(10), row(world.small, "0.64"))
    with refused("later_price", field="effective_on"):
        change(world, made, day(5), row(world.small, "0.62"))


def test_a_change_outside_the_agreement_is_refused(world):
    made = agree(world, row(world.small, "0.60"))
    for outside in (day(-31), day(301)):
        with refused("outside_agreement", field="effective_on"):
            change(world, made, outside, row(world.small, "0.62"))


def test_one_price_ends_and_the_others_stay(world):
    made = agree(world, row(world.small, "0.60"), row(world.small, "0.55", "5000"))
    step = (world.small.pk, Decimal(5000))
    change(world, made, day(6), ended=[step])
    assert price(world, day(5), "5000") == Decimal("0.55")
    assert price(world, day(6), "5000") == Decimal("0.60")
    assert BusinessEvent.objects.first().summary.startswith("1 price ended from ")
    with nothing_changes():
        change(world, made, day(6), ended=[step])


def test_a_price_cannot_end_before_it_held(world):
    made = agree(world, row(world.small, "0.60"))
    with refused("never_held", field="effective_on"):
        change(world, made, day(-30), ended=[(world.small.pk, Decimal(0))])


def test_an_agreement_is_extended_with_all_its_prices(world):
    made = agree(world, row(world.small, "0.60"))
    change_price_agreement(made, valid_to=None, note="Rolled over", actor=world.sana)
    assert price(world, day(900)) == Decimal("0.60")
    with nothing_changes():
        change_price_agreement(made, valid_to=None, note="Rolled over", actor=world.sana)
    with refused("days_out_of_order", field="valid_to"):
        change_price_agreement(made, valid_to=day(-31), note="", actor=world.sana)
    assert kinds()[1:] == ["price_agreement.changed"]


def statements_of(action):
    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


def test_fifty_prices_take_the_statements_of_one(world):
    skus = [sku(f"X-{n}", world.corrugate) for n in range(50)]
    few = statements_of(lambda: agree(world, row(skus[0], "1"), number="FEW"))
    many = statements_of(lambda: agree(world, *[row(one, "1") for one in skus], number="MANY"))
    assert few == many
    agreements = {made.number: made for made in PriceAgreement.objects.all()}
    one, fifty = (
        statements_of(
            lambda made=made, rows=rows: change(
                world, made, day(5), *[row(each, "2") for each in rows]
            )
        )
        for made, rows in ((agreements["FEW"], skus[:1]), (agreements["MANY"], skus))
    )
    assert one == fifty


def test_every_change_makes_the_next_version_with_its_day_and_reason(world):
    made = agree(world, row(world.small, "0.60"))
    assert made.version == 1
    change(world, made, day(10), row(world.small, "0.58"), reason="Paper is cheaper")
    terms = AgreementTerms(is_price_fixed=False, incoterm="DAP", payment_terms_days=45)
    changed = change_price_agreement(
        made, valid_to=made.valid_to, note="", terms=terms, actor=world.sana
    )
    assert (changed.version, changed.incoterm, changed.payment_terms_days) == (3, "DAP", 45)
    assert [
        (one.version, one.effective_on, one.reason, one.made_by)
        for one in AgreementAmendment.objects.all()
    ] == [(2, day(10), "Paper is cheaper", world.sana), (3, day(), "", world.sana)]
    with nothing_changes():
        change(world, made, day(10), row(world.small, "0.58"))


def test_a_change_of_what_was_amended_meanwhile_is_refused(world):
    made = agree(world, row(world.small, "0.60"))
    change(world, made, day(10), row(world.small, "0.58"), version_shown=1)
    sentence = "NL-1 was amended meanwhile. Look at it again before you go on."
    with refused("changed_meanwhile", sentence):
        change(world, made, day(20), row(world.small, "0.57"), version_shown=1)
    with refused("changed_meanwhile", sentence):
        change_price_agreement(made, valid_to=None, note="", version_shown=1, actor=world.sana)


def test_a_fixed_price_rises_only_for_a_reason(world):
    made = agree(world, row(world.small, "0.60"))
    sentence = "The prices of NL-1 are fixed, and CTN-12 rises. Say why."
    with refused("fixed_price", sentence, "reason"):
        change(world, made, day(10), row(world.small, "0.61"), reason=" ")
    change(world, made, day(10), row(world.small, "0.61"))
    assert price(world, day(10)) == Decimal("0.61")


def test_a_price_that_is_not_fixed_rises_without_one(world):
    made = agree(world, row(world.small, "0.60"), terms=AgreementTerms(is_price_fixed=False))
    change(world, made, day(10), row(world.small, "0.61"), reason="")
    assert price(world, day(10)) == Decimal("0.61")


def test_lots_are_kept_with_the_price_they_belong_to(world):
    lots = {"minimum_order_quantity": Decimal(480), "order_multiple": Decimal(24)}
    made = agree(world, row(world.small, "0.60", **lots))
    assert PriceBreak.objects.values("minimum_order_quantity", "order_multiple").get() == lots
    change(world, made, day(5), row(world.small, "0.60", order_multiple=Decimal(12)))
    assert [one.order_multiple for one in PriceBreak.objects.order_by("valid_from")] == [24, 12]
