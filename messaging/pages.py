"""The chat page: a client of the public doors like any other."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
@login_required
def chat(request: HttpRequest, conversation: int | None = None) -> HttpResponse:
    """Conversations and messages; everything after this comes through REST and the socket.

    Which conversation the address names is the page's own business: a foreign one shows as not there.
    """
    plain = f"/plain/{conversation}/" if conversation else "/plain/"
    return render(request, "messaging/chat.html", {"plain": plain})
