"""People of an organization: inviting, joining, roles, leaving; and founding an organization."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from procure.documents import lock, lock_all
from procure.errors import BusinessRuleError
from procure.events import record
from procure.models import Invitation, Membership, Organization, User
from procure.permissions import Role
from procure.tenancy import current_organization_id, tenant_atomic

INVITATION_DAYS = 7
# Alone at first, a founder has to get from an empty list to a received order. Approving and what
# is above a clerk's limit stay with somebody else.
FOUNDER_ROLES = (Role.ADMIN, Role.SOURCING_LEAD, Role.BUYER, Role.RECEIVER, Role.AP_CLERK)
RESERVED_SLUGS = {"accounts", "admin", "healthz", "readyz", "static", "media", "quotes"}
_SALT = "procure.invitation"


@transaction.atomic
def found_organization(
    *,
    slug: str,
    name: str,
    currency: str,
    owner_email: str,
    password: str,
    owner_name: str = "",
) -> Organization:
    """A new, empty organization with its founder, who administers, sources, buys and receives.

    A taken or reserved slug is refused. A person who is known already keeps the password.
    """
    slug = slug.strip().lower()
    if slug in RESERVED_SLUGS:
        raise BusinessRuleError("slug_reserved", f"“{slug}” is kept for other addresses.", "slug")
    if Organization.objects.filter(slug=slug).exists():
        raise BusinessRuleError("slug_taken", f"There is an organization “{slug}” already.", "slug")
    organization = Organization.objects.create(slug=slug, name=name, currency=currency.upper())
    owner = User.objects.filter(email=owner_email.strip().lower()).first()
    if owner is None:
        owner = User.objects.create_user(
            owner_email, password, full_name=owner_name or owner_email.split("@")[0]
        )
    membership = Membership.objects.create(
        organization=organization, user=owner, roles=[role.value for role in FOUNDER_ROLES]
    )
    with tenant_atomic(organization.pk):
        record(
            "organization.founded",
            membership,
            actor=owner,
            summary=f"{name} was founded.",
        )
    return organization


@transaction.atomic
def invite_person(*, email: str, roles: Sequence[str], actor: User) -> Invitation:
    """An open seat for an e-mail address; refused for members and without a role."""
    email = email.strip().lower()
    if not roles:
        raise BusinessRuleError("no_role", "Choose at least one role.", "roles")
    membership = Membership.objects.filter(
        organization_id=current_organization_id(), user__email=email, is_active=True
    )
    if membership.exists():
        raise BusinessRuleError("member_already", f"{email} is a member already.", "email")
    Invitation.objects.filter(email=email, accepted_at=None).update(expires_at=timezone.now())
    invitation: Invitation = Invitation.objects.create(
        email=email,
        roles=list(roles),
        invited_by=actor,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    record("person.invited", invitation, actor=actor, summary=f"{email} was invited.")
    return invitation


def invitation_token(invitation: Invitation) -> str:
    """What the mailed link carries: signed, so nothing that opens a door is stored."""
    return signing.dumps(
        [invitation.organization_id, str(invitation.public_id)],
        salt=_SALT,
        compress=True,
    )


def invited_organization(token: str) -> tuple[Organization, str]:
    """The organization and the invitation's id behind a link; a forged one is refused."""
    try:
        organization_id, public_id = signing.loads(
            token, salt=_SALT, max_age=timedelta(days=INVITATION_DAYS)
        )
    except signing.BadSignature as error:
        raise BusinessRuleError(
            "invitation_invalid",
            "This invitation is not valid any more. Ask for a new one.",
        ) from error
    return Organization.objects.get(pk=organization_id), public_id


def open_invitation(public_id: str) -> Invitation:
    """The invitation, if it still waits to be accepted."""
    invitation: Invitation | None = Invitation.objects.filter(
        public_id=public_id, accepted_at=None
    ).first()
    if invitation is None or invitation.expires_at <= timezone.now():
        raise BusinessRuleError(
            "invitation_invalid",
            "This invitation is not valid any more. Ask for a new one.",
        )
    return invitation


@transaction.atomic
def accept_invitation(
    invitation: Invitation, *, full_name: str, password: str, signed_in: User | None
) -> User:
    """The invited person joins: a new account, or the account that has this address.

    Somebody who has an account must be signed in with it; a password alone takes nothing over.
    """
    invitation = lock(invitation)
    open_invitation(str(invitation.public_id))
    user = User.objects.filter(email=invitation.email).first()
    if user is None:
        user = _new_user(invitation.email, full_name, password)
    elif signed_in is None or signed_in.pk != user.pk:
        raise BusinessRuleError(
            "sign_in_first",
            f"{invitation.email} has an account. Sign in, then open the link again.",
        )
    membership, _created = Membership.objects.update_or_create(
        organization=invitation.organization,
        user=user,
        defaults={"roles": invitation.roles, "is_active": True},
    )
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    record("person.joined", membership, actor=user, summary=f"{user} joined.")
    return user


def _new_user(email: str, full_name: str, password: str) -> User:
    if not full_name.strip():
        raise BusinessRuleError("name_missing", "Say your name.", "full_name")
    try:
        validate_password(password, User(email=email, full_name=full_name))
    except ValidationError as error:
        raise BusinessRuleError("password_weak", " ".join(error.messages), "password") from error
    return User.objects.create_user(email, password, full_name=full_name.strip())


@transaction.atomic
def change_membership(
    membership: Membership,
    *,
    roles: Sequence[str],
    acceptance_limit: Decimal,
    lead: User | None,
    is_active: bool,
    actor: User,
) -> Membership:
    """Gives a member other roles, limits or leave; the last administrator stays.

    `acceptance_limit` is money in the organization's currency.
    """
    administrator = Q(is_active=True, roles__contains=[Role.ADMIN.value])
    rows = lock_all(
        Membership.objects.filter(
            administrator | Q(pk=membership.pk),
            organization=membership.organization,
        )
    )
    membership = next(row for row in rows if row.pk == membership.pk)
    others_administer = any(
        row.is_active and Role.ADMIN.value in row.roles for row in rows if row is not membership
    )
    stays = is_active and Role.ADMIN.value in roles
    if not stays and not others_administer:
        raise BusinessRuleError(
            "last_administrator", "Somebody else must be administrator first.", "roles"
        )
    if not roles:
        raise BusinessRuleError("no_role", "Choose at least one role.", "roles")
    if lead is not None and lead.pk == membership.user_id:
        raise BusinessRuleError("own_lead", "Nobody is their own lead.", "lead")
    membership.roles = list(roles)
    membership.acceptance_limit = acceptance_limit
    membership.lead = lead
    membership.is_active = is_active
    membership.save(update_fields=["roles", "acceptance_limit", "lead", "is_active"])
    record(
        "membership.changed",
        membership,
        actor=actor,
        summary=f"{membership.user}: {membership.role_names}{'' if is_active else ', left'}.",
        roles=list(roles),
        is_active=is_active,
    )
    return membership
