"""The chat page: a client of the public doors like any other."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
@login_required
def chat(request: HttpRequest) -> HttpResponse:
    """Conversations and messages; everything after this comes through REST and the socket."""
    return render(request, "messaging/chat.html")
