"""Lists of the admin that stay quick however long they are: paged by keyset, never counted.

A page begins after the last row of the one before, which an index finds at once; a page by number would
be found by counting all rows before it. Nothing is sorted or filtered but by what an index serves.
"""

import json
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

BEFORE, AFTER = "before", "after"
MAX_ID = 2**63 - 1


def prefix(field: str, text: str) -> Q:
    """``field`` begins with ``text``, as a range of an index on it.

    On MySQL and MariaDB ``LIKE 'text%'`` is such a range, in any case. SQLite's index tells cases apart:
    there it is as typed, small, large, or with a capital.
    """
    if connection.vendor == "mysql":
        return Q(**{f"{field}__istartswith": text})
    ways = sorted({text, text.lower(), text.upper(), text.capitalize()})
    ranges = [Q(**{f"{field}__gte": way, f"{field}__lt": way + "\U0010ffff"}) for way in ways]
    return reduce(or_, ranges)


def number(text: str) -> int | None:
    """An id that somebody typed; None for anything else."""
    text = text.strip().removeprefix("#")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    return int(text) if 0 < int(text) <= MAX_ID else None


@admin.display(description=_("conversation"))
def conversation_number(row: Any) -> Any:
    """A column; the field itself would show the conversation's name, which is a query a row."""
    return row.conversation_id


def _beyond(order: Sequence[str], values: Sequence[Any], *, back: bool) -> Q:
    """The rows after (or, ``back``, before) the one with these values; all fields run the same way."""
    descending = order[0].startswith("-") != back
    sign = "lt" if descending else "gt"
    names = [name.removeprefix("-") for name in order]
    # Of several fields the bound on the first is what an index is entered by.
    condition = Q(**{f"{names[0]}__{sign}{'e' if len(names) > 1 else ''}": values[0]})
    if len(names) == 1:
        return condition
    later = Q(**{f"{names[0]}__{sign}": values[0]}) | Q(
        **{names[0]: values[0], f"{names[1]}__{sign}": values[1]}
    )
    return condition & later


class KeysetList(ChangeList):
    """Django's list of rows, a page of them found by the values of its neighbour's."""

    older: str | None
    newer: str | None
    model_admin: "KeysetAdmin"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        own = {BEFORE, AFTER, *self.model_admin.parameters}
        return {name: value for name, value in found.items() if name not in own}

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return list(self.model_admin.order_of(request))

    def apply_select_related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        """No joins: MariaDB and MySQL may begin with the smaller table, and sort all that it leads to."""
        return qs

    def get_results(self, request: HttpRequest) -> None:
        found = self._page(request)
        related = self.list_select_related
        if found and isinstance(related, list | tuple):
            prefetch_related_objects(found, *related)  # a query each, for this page's rows alone
        self.result_list, self.result_count = found, len(found)
        self.full_result_count, self.show_full_result_count = None, False
        self.show_admin_actions, self.can_show_all, self.multi_page = True, False, False
        self.paginator = Paginator(found, self.list_per_page)

    def _page(self, request: HttpRequest) -> list[Any]:
        self.older = self.newer = None
        if request.method == "POST":  # something is to be done to marked rows: nobody sees a list
            return []
        order = self.model_admin.order_of(request)
        rows, size = self.queryset, self.list_per_page
        before, after = self._cursor(BEFORE, order), self._cursor(AFTER, order)
        if after is not None:
            found = list(rows.filter(_beyond(order, after, back=True)).reverse()[: size + 1])
            more_newer, more_older = len(found) > size, True
            found = found[:size][::-1]
        else:
            if before is not None:
                rows = rows.filter(_beyond(order, before, back=False))
            found = list(rows[: size + 1])
            more_newer, more_older = before is not None, len(found) > size
            found = found[:size]
        self.older = self._link(BEFORE, order, found[-1]) if found and more_older else None
        self.newer = self._link(AFTER, order, found[0]) if found and more_newer else None
        return found

    def _cursor(self, name: str, order: Sequence[str]) -> list[Any] | None:
        text = self.params.get(name)
        if not text:
            return None
        try:
            values = json.loads(text)
            if not isinstance(values, list) or len(values) != len(order):
                raise ValueError("another number of values")
            return [self._value(one, value) for one, value in zip(order, values, strict=True)]
        except (ValueError, TypeError, ValidationError, RecursionError, OverflowError):
            raise IncorrectLookupParameters from None

    def _value(self, name: str, value: Any) -> Any:
        name = name.removeprefix("-")
        meta = self.model._meta
        field: Any = meta.pk if name == "pk" else meta.get_field(name)
        read = parse_datetime(value) if field.get_internal_type() == "DateTimeField" else value
        clean = field.to_python(read)
        if clean is None or (isinstance(clean, int) and abs(clean) > MAX_ID) or "\x00" in str(clean):
            raise ValueError("no value of this field")
        return clean

    def _link(self, name: str, order: Sequence[str], row: Any) -> str:
        values = [getattr(row, field.removeprefix("-")) for field in order]
        kept = [(key, value) for key, value in self.params.items() if key not in (BEFORE, AFTER)]
        return "?" + urlencode([*kept, (name, json.dumps(values, default=_plain))])


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(getattr(value, "pk", value))


class KeysetAdmin(admin.ModelAdmin[Any]):
    """A model's pages with such a list; what may be looked for is what an index serves."""

    list_per_page = 50
    show_full_result_count = False
    #: Numbers beside filters would be counted.
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[tuple[str, ...]] = ()
    #: Not what is searched, which ``find`` says, but that there is a box to type in.
    search_fields: ClassVar[tuple[str, ...]] = ("pk",)
    order: ClassVar[Sequence[str]] = ("-pk",)
    #: What may stand in an address beside the filters' own: fields with an index.
    lookups: ClassVar[frozenset[str]] = frozenset()
    #: What else may stand there, for this class to read.
    parameters: ClassVar[Sequence[str]] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    def order_of(self, request: HttpRequest) -> Sequence[str]:
        """By what a page is ordered and found: fields of an index, all the same way round."""
        return self.order

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        filters = {getattr(one, "parameter_name", None) for one in self.list_filter}
        return lookup in self.lookups or lookup in filters

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if "\x00" in term:
            return queryset.none(), False
        return (self.find(request, queryset, term) if term else queryset), False

    def find(self, request: HttpRequest, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        """The rows that ``term`` names; here by their id."""
        return queryset.filter(pk=number(term) or 0)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come and go with what people do."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
