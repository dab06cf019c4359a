"""The REST door of messaging."""

from datetime import UTC, datetime, time
from typing import Any

from django.db.models import F
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.limits import limit_cost
from accounts.views.common import me
from chatchat.api import MAX_ID, Paging
from chatchat.errors import Invalid
from chatchat.views import valid
from messaging import history, offline, search, unread
from messaging.access import participation
from messaging.examples import MESSAGE, SEND, given, taken
from messaging.limits import refusal
from messaging.models import Participant
from messaging.serializers import (
    AckRequest,
    ConversationPageShape,
    ConversationShape,
    FoundPageShape,
    MarkersShape,
    MessageEditRequest,
    MessagePageShape,
    MessageShape,
    OfflinePageShape,
    PreferencesRequest,
    SendRequest,
    SeqRequest,
    SyncPageShape,
    UnreadShape,
)
from messaging.services import messages, preferences
from messaging.states import mine, states, unread_of, with_receipts

PAGE_LIMIT = 100
DEFAULT_PAGE = 50
NOT_YOURS = OpenApiResponse(description="No such conversation or message, or not for you.")
MAY_NOT = OpenApiResponse(description="You see it, but may not do that (`may_not_send`, `too_late`, …).")


def _number(request: Request, name: str, *, highest: int = MAX_ID, lowest: int = 0) -> int | None:
    """A whole number of the query string; None where it is not given."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and lowest <= int(text) <= highest):
        wanted = _("A whole number from %(lowest)d to %(highest)d.")
        raise Invalid(details={name: [wanted % {"lowest": lowest, "highest": highest}]})
    return int(text)


def _limit(request: Request, *, highest: int = PAGE_LIMIT, default: int = DEFAULT_PAGE) -> int:
    given = _number(request, "limit", lowest=1, highest=highest)
    return default if given is None else given


def _moment(request: Request, name: str) -> datetime | None:
    """A moment of the query string, a day being its beginning in UTC; None where it is not given."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        day = parse_date(text)
        moment = parse_datetime(text) if day is None else datetime.combine(day, time.min)
    except ValueError:
        moment = None
    # What is a moment in one zone may be none in another one at either end of the calendar.
    if moment is None or not 1 < moment.year < 9999:
        wanted = _("A time such as 2026-03-01T12:00:00Z, or a day such as 2026-03-01.")
        raise Invalid(details={name: [wanted]})
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _query(
    name: str, description: str, type_: Any = OpenApiTypes.INT64, *, required: bool = False
) -> OpenApiParameter:
    return OpenApiParameter(name, type_, OpenApiParameter.QUERY, description=description, required=required)


class ActivityPaging(Paging):
    """Most recently active first."""

    ordering: Any = ("-activity", "-conversation_id")


class ConversationsView(APIView):
    @extend_schema(
        operation_id="conversations_list",
        summary="My conversations, most recently active first",
        parameters=[
            _query("cursor", "`next` of the page before.", OpenApiTypes.STR),
            _query("limit", "1 to 100; 50 by default."),
        ],
        responses={200: ConversationPageShape},
    )
    def get(self, request: Request) -> Response:
        paging = ActivityPaging()
        rows: list[Participant] = paging.paginate_queryset(
            mine(me(request).pk).annotate(activity=F("conversation__last_message_id")), request, self
        )
        return paging.get_paginated_response(states(rows))


class ConversationView(APIView):
    @extend_schema(
        summary="One conversation, with the others' markers",
        responses={200: ConversationShape, 404: NOT_YOURS},
    )
    def get(self, request: Request, conversation: int) -> Response:
        participant = participation(user_id=me(request).pk, conversation_id=conversation)
        return Response(with_receipts(participant))

    @extend_schema(
        summary="Pin a conversation, choose what to be notified of",
        description="What is left out stays as it is. Nobody else is told; one's other devices are.",
        request=PreferencesRequest,
        responses={200: ConversationShape, 404: NOT_YOURS},
    )
    def patch(self, request: Request, conversation: int) -> Response:
        wanted = valid(PreferencesRequest, request)
        preferences.prefer(user_id=me(request).pk, conversation_id=conversation, **wanted)
        participant = participation(user_id=me(request).pk, conversation_id=conversation)
        return Response(with_receipts(participant))


class MessagesView(APIView):
    @extend_schema(
        summary="The history, by seq",
        description="The newest messages; with `before` or `after` (a seq) those next to it. Ascending.",
        parameters=[
            _query("before", "Only what comes before this seq."),
            _query("after", "Only what comes after this seq."),
            _query("limit", "1 to 100; 50 by default."),
        ],
        responses={200: MessagePageShape, 404: NOT_YOURS},
    )
    def get(self, request: Request, conversation: int) -> Response:
        participant = participation(user_id=me(request).pk, conversation_id=conversation)
        before, after = _number(request, "before"), _number(request, "after")
        if before is not None and after is not None:
            raise Invalid(details={"after": [_("Give before or after, not both.")]})
        results, has_more = history.page(participant, limit=_limit(request), before=before, after=after)
        return Response({"results": results, "has_more": has_more})

    @extend_schema(
        summary="Send a message",
        description="Answered once it is committed: 201, or 200 where this `client_id` was there already.",
        request=SendRequest,
        responses={
            201: MessageShape,
            200: MessageShape,
            403: MAY_NOT,
            404: NOT_YOURS,
            409: OpenApiResponse(description="`client_id_conflict`: this id names another message of yours."),
        },
        examples=[taken("a text", SEND), given("message", MESSAGE, "200", "201")],
    )
    def post(self, request: Request, conversation: int) -> Response:
        wanted = valid(SendRequest, request)
        accepted = messages.send(
            user_id=me(request).pk,
            conversation_id=conversation,
            client_id=wanted["client_id"],
            kind=wanted["kind"],
            body=wanted["body"],
            reply_to=wanted["reply_to"],
            attachments=wanted["attachments"],
            refusal=refusal(me(request).pk),
        )
        return Response(
            messages.sent(user_id=me(request).pk, accepted=accepted),
            status.HTTP_200_OK if accepted.duplicate else status.HTTP_201_CREATED,
        )


class MessageView(APIView):
    @extend_schema(
        summary="Edit one's own message",
        request=MessageEditRequest,
        responses={200: MessageShape, 403: MAY_NOT, 404: NOT_YOURS},
    )
    def patch(self, request: Request, conversation: int, seq: int) -> Response:
        body = valid(MessageEditRequest, request)["body"]
        messages.edit(user_id=me(request).pk, conversation_id=conversation, seq=seq, body=body)
        participant = participation(user_id=me(request).pk, conversation_id=conversation)
        return Response(history.one(participant, seq))

    @extend_schema(
        summary="Recall a message", request=None, responses={204: None, 403: MAY_NOT, 404: NOT_YOURS}
    )
    def delete(self, request: Request, conversation: int, seq: int) -> Response:
        messages.recall(user_id=me(request).pk, conversation_id=conversation, seq=seq)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReactionView(APIView):
    @extend_schema(
        summary="React with an emoji", request=None, responses={204: None, 403: MAY_NOT, 404: NOT_YOURS}
    )
    def put(self, request: Request, conversation: int, seq: int, emoji: str) -> Response:
        return self._react(request, conversation, seq, emoji, present=True)

    @extend_schema(
        summary="Take a reaction back", request=None, responses={204: None, 403: MAY_NOT, 404: NOT_YOURS}
    )
    def delete(self, request: Request, conversation: int, seq: int, emoji: str) -> Response:
        return self._react(request, conversation, seq, emoji, present=False)

    def _react(self, request: Request, conversation: int, seq: int, emoji: str, *, present: bool) -> Response:
        messages.react(
            user_id=me(request).pk, conversation_id=conversation, seq=seq, emoji=emoji, present=present
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReadView(APIView):
    @extend_schema(
        summary="Mark read up to a seq",
        description="Markers never go back; read implies delivered.",
        request=SeqRequest,
        responses={200: MarkersShape, 404: NOT_YOURS},
    )
    def put(self, request: Request, conversation: int) -> Response:
        seq = valid(SeqRequest, request)["seq"]
        messages.mark(user_id=me(request).pk, conversation_id=conversation, seq=seq, read=True)
        participant = participation(user_id=me(request).pk, conversation_id=conversation)
        return Response(
            {
                "delivered_seq": participant.delivered_seq,
                "read_seq": participant.read_seq,
                "unread": unread_of(participant),
            }
        )


class UnreadView(APIView):
    @extend_schema(
        summary="Why my unread count is what it is",
        description="The messages past your read marker in the order of seq, each with whether it is "
        "counted and why: `message` (somebody else's) and `recalled` (taken back, and counted all the same) "
        "are; `own` and `system` are not. What comes before `first_seq` you never see, and it is never "
        "counted. `unread` is `last_ordinal` less `read_ordinal`, and the `number` of the last counted one.",
        parameters=[
            _query("after", "`next` of the page before."),
            _query("limit", "1 to 100; 50 by default."),
        ],
        responses={200: UnreadShape, 404: NOT_YOURS},
    )
    def get(self, request: Request, conversation: int) -> Response:
        participant = participation(user_id=me(request).pk, conversation_id=conversation)
        after = _number(request, "after") or 0
        return Response(unread.explain(participant, limit=_limit(request), after=after))


class SyncView(APIView):
    @extend_schema(
        summary="What has changed since a version",
        description="New and changed messages in their present state, by version; go on until `complete`.",
        parameters=[
            _query("after", "The version that you have; 0 for everything."),
            _query("limit", "1 to 200; 200 by default."),
        ],
        responses={200: SyncPageShape, 404: NOT_YOURS},
    )
    def get(self, request: Request, conversation: int) -> Response:
        participant = participation(user_id=me(request).pk, conversation_id=conversation)
        limit = _limit(request, highest=history.SYNC_LIMIT, default=history.SYNC_LIMIT)
        page = history.sync(participant, after=_number(request, "after") or 0, limit=limit)
        return Response(
            {
                "conversation": conversation,
                "messages": page.messages,
                "next": page.next,
                "complete": page.complete,
            }
        )


class SearchView(APIView):
    @extend_schema(
        operation_id="messages_search",
        summary="Find messages by what they say",
        description="In all of one's conversations, or in one of them, the newest first: those that hold "
        "every word of `q`, also within a longer word; what stands in double quotes is one. Case makes no "
        "difference, nor do accents on MySQL and MariaDB. A request looks for a fifth of a second: with "
        "`next` there may be few `results` or none, and more further back. Counts as a search: 60 a minute.",
        parameters=[
            _query("q", "1 to 100 characters, at most 10 words.", OpenApiTypes.STR, required=True),
            _query("conversation", "Only what was said there."),
            _query("sender", "Only what this person said."),
            _query("before", "Only what was sent before this moment or day (UTC).", OpenApiTypes.STR),
            _query("after", "Only what was sent from this moment or day (UTC) on.", OpenApiTypes.STR),
            _query("cursor", "`next` of the page before.", OpenApiTypes.STR),
            _query("limit", "1 to 100; 50 by default."),
        ],
        responses={200: FoundPageShape, 404: NOT_YOURS},
    )
    def get(self, request: Request) -> Response:
        user_id = me(request).pk
        wanted = search.Wanted(
            words=search.words_of(request.query_params.get("q", "")),
            conversation=_number(request, "conversation", lowest=1),
            sender=_number(request, "sender", lowest=1),
            before=_moment(request, "before"),
            after=_moment(request, "after"),
        )
        cursor, limit = request.query_params.get("cursor"), _limit(request)
        limit_cost(request._request, group="search", user_id=user_id)
        results, following = search.page(user_id=user_id, wanted=wanted, cursor=cursor, limit=limit)
        return Response({"results": results, "next": following})


class OfflineView(APIView):
    @extend_schema(
        summary="Offline messages: past my delivered markers",
        parameters=[
            _query("cursor", "`next` of the page before.", OpenApiTypes.STR),
            _query("limit", "1 to 100; 50 by default."),
        ],
        responses={200: OfflinePageShape},
    )
    def get(self, request: Request) -> Response:
        cursor = request.query_params.get("cursor")
        results, following = offline.page(user_id=me(request).pk, cursor=cursor, limit=_limit(request))
        return Response({"results": results, "next": following})


class OfflineAckView(APIView):
    @extend_schema(
        summary="Acknowledge offline messages up to a seq",
        request=AckRequest,
        responses={204: None, 404: NOT_YOURS},
    )
    def post(self, request: Request) -> Response:
        wanted = valid(AckRequest, request)
        messages.mark(
            user_id=me(request).pk, conversation_id=wanted["conversation"], seq=wanted["seq"], read=False
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
