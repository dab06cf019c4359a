"""A group's members, page by page: owner and admins first, then in the order of their joining."""

import base64
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chatchat.api import MAX_ID, Paging
from chatchat.errors import Invalid


class MemberPaging(Paging):
    """By (role, id), which one index serves; a cursor on the role alone would have to count rows."""

    ordering = ("role", "id")

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        size = self.get_page_size(request) or self.page_size
        rows = queryset.order_by("role", "pk")
        if cursor := request.query_params.get(self.cursor_query_param):
            role, pk = self._read(cursor)
            rows = rows.filter(Q(role=role, pk__gt=pk) | Q(role__gt=role))
        found = list(rows[: size + 1])
        self._last = found[size - 1] if len(found) > size else None
        return found[:size]

    def get_next_link(self) -> str | None:
        if self._last is None:
            return None
        return base64.urlsafe_b64encode(f"{self._last.role}:{self._last.pk}".encode()).decode()

    def _read(self, cursor: str) -> tuple[int, int]:
        try:
            role, pk = (int(part) for part in base64.urlsafe_b64decode(cursor).decode("ascii").split(":"))
            if 0 <= role < 10 and 0 < pk <= MAX_ID:
                return role, pk
        except ValueError:
            pass
        raise Invalid(details={"cursor": [_("That cursor is not one of ours.")]})
