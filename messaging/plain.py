"""The chat without scripts: the list of conversations, one of them to read and to write in, and a search."""

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import pages
from accounts.forms import ServiceForm
from accounts.limits import limit_cost
from accounts.page_forms import accepts, shown
from accounts.services.silences import Silenced
from chatchat.api import MAX_ID
from chatchat.clock import now
from chatchat.errors import ChatError
from messaging import history, search, states, transcript, wording
from messaging.access import MayNotSend, participation
from messaging.limits import refusal
from messaging.models import Participant
from messaging.services import messages

LISTED = 50  # conversations a page
SHOWN = 50  # messages a page
CURSOR = re.compile(r"^(\d{1,19})-(\d{1,19})$")


def _number(text: str) -> int | None:
    """A seq in an address; None for anything else, and where there is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    return int(text) if 0 < int(text) <= MAX_ID else None


# --- the list ----------------------------------------------------------------------------------------


@require_safe
@login_required
@never_cache
def conversations(request: HttpRequest) -> HttpResponseBase:
    """One's conversations, most recently active first; ``?before=`` goes on after the last of a page."""
    rows = states.mine(pages.signed_in(request).pk).annotate(activity=F("conversation__last_message_id"))
    rows = rows.order_by("-activity", "-conversation_id")
    cursor = CURSOR.match(request.GET.get("before", ""))
    if cursor is not None and cursor[0].isascii() and max(map(int, cursor.groups())) <= MAX_ID:
        activity, conversation = map(int, cursor.groups())
        rows = rows.filter(Q(activity__lt=activity) | Q(activity=activity, conversation__lt=conversation))
    found = list(rows[: LISTED + 1])
    shown = found[:LISTED]
    last = shown[-1] if len(found) > LISTED else None
    context = {
        "conversations": _listed(shown, reader=pages.signed_in(request).pk),
        "more": f"{last.conversation.last_message_id}-{last.conversation_id}" if last else "",
        "search": SearchForm(),
    }
    return render(request, "messaging/plain_list.html", context)


def _listed(rows: Iterable[Participant], *, reader: int) -> list[dict[str, Any]]:
    found = states.states(rows)
    said = [state["last_message"] for state in found if state["last_message"]]
    names = transcript.nicknames(transcript.named_in(said))
    return [
        {
            **state,
            "preview": wording.preview(last, names, reader=reader) if last else "",
            "sender": last["sender"] if last and state["kind"] == "group" else None,
            **_ago(last),
        }
        for state in found
        for last in (state["last_message"],)
    ]


def _ago(last: dict[str, Any] | None) -> dict[str, Any]:
    """When the last message came, for words that need to know nothing of the reader's clock."""
    if last is None:
        return {"moment": None}
    moment = transcript.moment(last["sent_at"])
    age = now() - moment
    return {"moment": moment, "just_now": age < timedelta(minutes=1), "recent": age < timedelta(days=1)}


# --- what was said somewhere -------------------------------------------------------------------------


class SearchForm(ServiceForm):
    """What to look for."""

    q = forms.CharField(
        label=_("Words of a message"),
        required=False,  # the search says it better
        widget=forms.TextInput(attrs={"type": "search", "maxlength": search.LONGEST, "dir": "auto"}),
    )


@require_safe
@login_required
@never_cache
def found(request: HttpRequest) -> HttpResponseBase:
    """Messages that say what was typed, the newest first; ``?cursor=`` looks further back."""
    user_id = pages.signed_in(request).pk
    context: dict[str, Any] = {}

    def look(q: str) -> None:
        words, cursor = search.words_of(q), request.GET.get("cursor")
        limit_cost(request, group="search", user_id=user_id)
        wanted = search.Wanted(words)
        results, further = search.page(user_id=user_id, wanted=wanted, cursor=cursor, limit=SHOWN)
        context.update(searched=True, found=_found(results, words, user_id), further=further)

    form = SearchForm(request.GET if "q" in request.GET else None)
    if form.is_bound:
        accepts(form, look)
    return shown(request, "messaging/plain_search.html", form, **context)


def _found(rows: Sequence[dict[str, Any]], words: Sequence[str], reader: int) -> list[dict[str, Any]]:
    mine = states.mine(reader).filter(conversation__in={row["conversation"] for row in rows})
    places = {state["id"]: state for state in states.states(list(mine))}
    return [
        {
            "place": places[row["conversation"]],
            "sender": row["message"]["sender"],
            "text": search.excerpt(row["message"]["body"], words),
            "seq": row["message"]["seq"],
            "upto": row["message"]["seq"] + 1,
            **_ago(row["message"]),
        }
        for row in rows
        if row["conversation"] in places  # left meanwhile
    ]


# --- one of them -------------------------------------------------------------------------------------


class MessageForm(ServiceForm):
    """What to say; the hidden id makes a double click, and a reload, send once."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=MAX_ID, widget=forms.HiddenInput)
    body = forms.CharField(
        label=_("Message"),
        strip=False,
        required=False,  # the service says it better
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def clean_body(self) -> str:
        # A form's lines end with CR LF (HTML, 4.10.21.4), a message's with LF.
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def conversation(request: HttpRequest, conversation: int) -> HttpResponseBase:
    """The newest messages, or those before a seq, and a form to write one more."""
    user_id = pages.signed_in(request).pk
    if request.method != "POST":
        reply_to = _number(request.GET.get("reply", ""))
        form = MessageForm(initial={"client_id": uuid.uuid4(), "reply_to": reply_to})
        return _shown(request, conversation, form)

    def action(client_id: uuid.UUID, body: str, reply_to: int | None) -> None:
        messages.send(
            user_id=user_id,
            conversation_id=conversation,
            client_id=client_id,
            body=body,
            reply_to=reply_to,
            refusal=refusal(user_id),
        )

    form = MessageForm(request.POST)
    if accepts(form, action):
        return redirect(reverse("plain-conversation", args=(conversation,)) + "#newest")
    if form.refused is not None and form.refused.code == "client_id_conflict":
        # Gone back to a message that was sent, and written another one: that is a new message.
        form.data = {**request.POST.dict(), "client_id": uuid.uuid4()}
    return _shown(request, conversation, form)


def _shown(request: HttpRequest, conversation: int, form: MessageForm) -> HttpResponse:
    user_id = pages.signed_in(request).pk
    me = participation(user_id=user_id, conversation_id=conversation)
    before = _number(request.GET.get("before", ""))
    found, more = history.page(me, limit=SHOWN, before=before)
    unread_from = me.read_seq + 1
    state, silence = states.states([me])[0], states.silence_of(me)
    _mark_read(me, found)
    answered = _number(str(form["reply_to"].value() or ""))
    context = {
        "conversation": state,
        "lines": transcript.lines(me, found),
        "older": found[0]["seq"] if more else None,
        "newest": before is None,
        "unread_from": unread_from if state["unread"] else None,
        "reply": transcript.answered(me, answered) if answered else None,
        "form": form,
        "closed": not state["may_send"] and not form.is_bound,
        "closed_text": Silenced.until(*silence).message if silence is not None else MayNotSend.message,
    }
    response = render(request, "messaging/plain_conversation.html", context, status=form.status)
    if form.refused is not None and form.refused.retry_after is not None:
        response["Retry-After"] = str(form.refused.retry_after)
    return response


def _mark_read(me: Participant, shown: list[dict[str, Any]]) -> None:
    """What was shown counts as read; where that cannot be noted now, it is next time."""
    if not shown or shown[-1]["seq"] <= me.read_seq:
        return
    try:
        messages.mark(user_id=me.user_id, conversation_id=me.conversation_id, seq=shown[-1]["seq"], read=True)
    except ChatError:
        return
