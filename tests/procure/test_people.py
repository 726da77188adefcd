"""Inviting, joining, roles, leaving: each step says no in words and then changes nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from procure.errors import BusinessRuleError
from procure.events import work_off
from procure.models import BusinessEvent, Invitation, Membership, Organization, User
from procure.people import (
    accept_invitation,
    change_membership,
    found_organization,
    invitation_token,
    invite_person,
)
from tests.world import World, make_world


def invite(world: World, email: str = "new@acme.test") -> Invitation:
    with world.inside():
        return invite_person(email=email, roles=["buyer"], actor=world.people["admin"])


def join(world: World, invitation: Invitation, signed_in: User | None = None) -> User:
    with world.inside():
        return accept_invitation(
            invitation, full_name="Nora New", password="a-long-password-9", signed_in=signed_in
        )


def test_an_invited_person_joins_with_the_roles_of_the_invitation(world: World) -> None:
    user = join(world, invite(world))
    membership = Membership.objects.get(user=user)
    assert (membership.organization, membership.roles) == (world.organization, ["buyer"])
    with world.inside():
        kinds = list(BusinessEvent.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["person.invited", "person.joined"]


def test_an_invitation_opens_once(world: World) -> None:
    invitation = invite(world)
    join(world, invitation)
    with pytest.raises(BusinessRuleError, match="not valid any more"):
        join(world, invitation)
    assert Membership.objects.filter(user__email="new@acme.test").count() == 1


def test_an_old_invitation_opens_nothing(world: World) -> None:
    invitation = invite(world)
    with world.inside():
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(BusinessRuleError, match="not valid any more"):
        join(world, invitation)
    assert not User.objects.filter(email="new@acme.test").exists()


def test_a_second_invitation_ends_the_first(world: World) -> None:
    first = invite(world)
    invite(world)
    with pytest.raises(BusinessRuleError, match="not valid any more"):
        join(world, first)


def test_a_member_is_not_invited_again(world: World) -> None:
    with pytest.raises(BusinessRuleError, match="is a member already") as refused:
        invite(world, "BUYER@acme.test")
    assert refused.value.field == "email"
    with world.inside():
        assert not Invitation.objects.exists()


def test_an_account_is_not_taken_over_by_a_password(world: World, other_world: World) -> None:
    invitation = invite(world, "buyer@globex.test")
    with pytest.raises(BusinessRuleError, match="Sign in, then open the link again"):
        join(world, invitation)
    assert not Membership.objects.filter(
        organization=world.organization, user=other_world.people["buyer"]
    ).exists()
    user = join(world, invitation, signed_in=other_world.people["buyer"])
    assert user == other_world.people["buyer"]


def test_a_weak_password_is_refused(world: World) -> None:
    invitation = invite(world)
    with world.inside(), pytest.raises(BusinessRuleError, match="too short"):
        accept_invitation(invitation, full_name="Nora", password="x", signed_in=None)
    assert not User.objects.filter(email="new@acme.test").exists()


@pytest.mark.django_db(transaction=True)
def test_the_mail_carries_a_link_that_works() -> None:
    world = make_world()
    invite(world)
    work_off(world.organization.pk)
    (message,) = mail.outbox
    assert message.to == ["new@acme.test"]
    link = next(line for line in message.body.splitlines() if "/invitation/" in line)
    path = link[link.index("/accounts/") :]
    client = Client()
    assert client.get(path).status_code == 200
    form = {"full_name": "Nora New", "password": "a-long-password-9"}
    assert client.post(path, form).headers["Location"] == world.url()
    assert client.get(world.url()).status_code == 200


def test_a_forged_link_is_refused(world: World) -> None:
    token = invitation_token(invite(world))
    response = Client().get(f"/accounts/invitation/{token[:-2]}xx/")
    assert response.status_code == 409
    assert "not valid any more" in response.content.decode()


def change(world: World, role: str, **values: object) -> Membership:
    membership = Membership.objects.get(organization=world.organization, user=world.people[role])
    wanted = {
        "roles": membership.roles,
        "acceptance_limit": membership.acceptance_limit,
        "lead": None,
        "is_active": True,
        **values,
    }
    with world.inside():
        return change_membership(membership, **wanted, actor=world.people["admin"])


def test_the_last_administrator_stays(world: World) -> None:
    for values in ({"roles": ["buyer"]}, {"is_active": False}):
        with pytest.raises(BusinessRuleError, match="Somebody else must be administrator"):
            change(world, "admin", **values)
    membership = Membership.objects.get(user=world.people["admin"])
    assert (membership.roles, membership.is_active) == (["admin"], True)


def test_with_a_second_administrator_the_first_may_leave(world: World) -> None:
    change(world, "buyer", roles=["buyer", "admin"])
    assert change(world, "admin", is_active=False).is_active is False


def test_who_left_finds_nothing(world: World) -> None:
    client = world.client("buyer")
    assert client.get(world.url()).status_code == 200
    change(world, "buyer", is_active=False)
    assert client.get(world.url()).status_code == 404


def test_limits_and_leads_are_kept(world: World) -> None:
    lead = world.people["ap_lead"]
    membership = change(world, "ap_clerk", acceptance_limit=Decimal("75.50"), lead=lead)
    membership.refresh_from_db()
    assert (membership.acceptance_limit, membership.lead) == (Decimal("75.50"), lead)
    with pytest.raises(BusinessRuleError, match="own lead"):
        change(world, "ap_lead", lead=lead)


def found(slug: str) -> Organization:
    return found_organization(
        slug=slug, name="New", currency="eur", owner_email="o@new.test", password="a-long-pass-9"
    )


@pytest.mark.django_db
def test_a_founder_can_do_all_but_approve_alone() -> None:
    organization = found("new")
    membership = Membership.objects.get(organization=organization)
    assert organization.currency == "EUR"
    assert membership.roles == ["admin", "sourcing_lead", "buyer", "receiver", "ap_clerk"]


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["accounts", "admin", "static"])
def test_an_address_of_our_own_is_no_slug(slug: str) -> None:
    with pytest.raises(BusinessRuleError, match="kept for other addresses"):
        found(slug)
    assert not Organization.objects.exists()


def test_a_taken_slug_is_refused(world: World) -> None:
    with pytest.raises(BusinessRuleError, match="already"):
        found("acme")
    assert Organization.objects.count() == 1
