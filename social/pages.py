"""The page of the people whom one blocks."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import pages
from accounts.serializers import person
from chatchat.api import MAX_ID
from chatchat.errors import NotFound
from social import access, services

SHOWN = 50


@require_safe
@login_required
@never_cache
def blocked(request: HttpRequest) -> HttpResponse:
    """The newest first; ``?before=`` goes on after the last one of a page."""
    rows = access.blocks_of(pages.signed_in(request).pk).order_by("-pk")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 20 and int(before) <= MAX_ID:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: SHOWN + 1])
    context = {
        "people": [{"since": block.created_at, **person(block.blocked)} for block in found[:SHOWN]],
        "more": found[SHOWN - 1].pk if len(found) > SHOWN else None,
    }
    return render(request, "social/blocked.html", context)


@require_POST
@login_required
@never_cache
def unblock(request: HttpRequest, user: int) -> HttpResponse:
    """End one's block."""
    try:
        services.unblock(user_id=pages.signed_in(request).pk, blocked_id=user)
    except NotFound:  # ended in another window
        messages.info(request, _("You do not block this person any more."))
    else:
        messages.success(request, _("The person is not blocked any more."))
    return redirect("account-blocked")
