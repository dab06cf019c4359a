"""The page behind an invitation's link, which works without JavaScript and for who is not signed in yet."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.limits import limit_cost
from accounts.models import User
from accounts.pages import signed_in
from chatchat.clock import now
from chatchat.errors import ChatError, NotFound, Unavailable
from chatchat.ratelimit import client_ip, limit
from groups import access
from groups.models import Group, Invitation
from groups.services import members


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invite(request: HttpRequest, token: str) -> HttpResponseBase:
    """What group it is and who invites; joining, for who is signed in."""
    user = request.user if isinstance(request.user, User) else None
    _limit(request, user, joining=request.method == "POST")
    try:
        invitation = access.invitation_of(token)
        group = access.invited_group(user.pk if user else None, invitation)
        inside = group.viewer_role is not None  # type: ignore[attr-defined]  # access annotates it
        if not inside and not invitation.holds(now()):
            raise NotFound
    except NotFound:
        return render(request, "groups/invite_over.html", status=NotFound.status)
    if request.method == "POST" and user is None:
        return redirect(reverse("login", query={"next": request.path}))
    if request.method == "POST" and not inside:
        return _join(request, invitation, group)
    if request.method == "POST":
        return redirect(_conversation(group))
    return _shown(request, invitation, group, inside=inside)


def _limit(request: HttpRequest, user: User | None, *, joining: bool) -> None:
    if user is not None:
        limit_cost(request, group="join" if joining else "search", user_id=user.pk)
    else:
        limit(request, group="invite-ip", key=client_ip(request), rate=settings.LOGIN_IP_RATE, strict=True)


def _join(request: HttpRequest, invitation: Invitation, group: Group) -> HttpResponseBase:
    try:
        members.join(user_id=signed_in(request).pk, group_id=group.pk, token=invitation.token)
    except NotFound:  # it ended, or the last use was taken, this moment
        return render(request, "groups/invite_over.html", status=NotFound.status)
    except Unavailable:
        raise
    except ChatError as error:
        if error.code != "already_member":
            return _shown(request, invitation, group, inside=False, problem=error)
    return redirect(_conversation(group))


def _shown(
    request: HttpRequest,
    invitation: Invitation,
    group: Group,
    *,
    inside: bool,
    problem: ChatError | None = None,
) -> HttpResponseBase:
    context = {
        "group": group,
        "avatar": group.avatar,
        "inviter": invitation.created_by,
        "expires_at": invitation.expires_at,
        "inside": inside,
        "conversation": _conversation(group),
        "problem": problem,
    }
    return render(request, "groups/invite.html", context, status=problem.status if problem else 200)


def _conversation(group: Group) -> str:
    return reverse("chat-conversation", args=[group.pk])
