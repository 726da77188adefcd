"""What the suppliers app tells the frame: the search of the top bar, and work on the home page."""

from django.test import Client

from procure.tenancy import tenant_atomic
from suppliers.models import Qualification
from tests.suppliers.support import day
from tests.suppliers.world import agreement, company, fernhill, people


def test_the_search_finds_suppliers_and_skus_and_home_names_what_runs_out(db):
    organization = company()
    sana, maya, _ = people(organization)
    with tenant_atomic(organization.pk):
        world = fernhill()
        agreement("NL-1", world.northline, (world.small, "0", "0.6"), valid_to=day(30))
        agreement("NL-0", world.northline, (world.small, "0", "0.7"), valid_to=day(-1))
        Qualification.objects.filter(supplier=world.delta).update(valid_to=day(10))
    client = Client()
    client.force_login(sana)
    found = client.get("/fernhill/search/?q=north").content.decode()
    assert f"/fernhill/suppliers/{world.northline.public_id}/" in found
    assert f"/fernhill/skus/{world.small.public_id}/" not in found
    found = client.get("/fernhill/search/?q=ctn-12").content.decode()
    assert f"/fernhill/skus/{world.small.public_id}/" in found
    home = client.get("/fernhill/").content.decode()
    assert "Price agreements that end soon" in home
    assert "/fernhill/qualifications/?state=expiring" in home
    client.force_login(maya)
    assert "Price agreements that end soon" not in client.get("/fernhill/").content.decode()
