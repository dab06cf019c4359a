"""What moderators do from lists and pages of the admin: asked for, confirmed with a reason, then done.

Nothing happens by following a link: a deed is chosen by a POST, which shows the page that asks for the
reason, and done by the POST of that page. Django's CSRF check stands before both.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy, ngettext

from accounts.audit import REASON_MAX
from accounts.models import User
from accounts.services import record
from chatchat.adminlists import KeysetAdmin
from chatchat.clock import now
from chatchat.errors import ChatError

#: Rows that one confirmation acts on.
AT_ONCE = 100
FOREVER = "forever"
TERMS: dict[str, tuple[timedelta, Promise | str]] = {
    "1h": (timedelta(hours=1), gettext_lazy("1 hour")),
    "12h": (timedelta(hours=12), gettext_lazy("12 hours")),
    "1d": (timedelta(days=1), gettext_lazy("1 day")),
    "3d": (timedelta(days=3), gettext_lazy("3 days")),
    "7d": (timedelta(days=7), gettext_lazy("7 days")),
    "30d": (timedelta(days=30), gettext_lazy("30 days")),
    "365d": (timedelta(days=365), gettext_lazy("a year")),
}
Text = Promise | str


@dataclass(frozen=True)
class Order:
    """Who wants it, why, for how long, and what was chosen."""

    by: User
    reason: str
    until: datetime | None = None
    choice: str = ""


@dataclass(frozen=True)
class Deed:
    """Something that may be done to a row of a model."""

    name: str
    label: Text
    #: Who may: a permission of Django's.
    permission: str
    act: Callable[[Any, Order], object]
    done: Text
    #: What it means, what is told to whom, how it is undone: said where it is confirmed.
    meaning: Text
    #: Whether it ends by itself: "no", "may" or "must".
    term: str = "no"
    #: What is to be chosen from, and how that is asked.
    choices: Callable[[User], Sequence[tuple[str, Text]]] | None = None
    asks: Text = ""
    #: Whether it is offered on this row's page; services refuse what makes no sense.
    fits: Callable[[Any], bool] = field(default=lambda row: True)
    grave: bool = False


class DeedForm(forms.Form):
    """The reason, and what else the deed needs."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_MAX,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        help_text=gettext_lazy("Told to the person, and kept on the record."),
    )

    def __init__(self, deed: Deed, by: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if deed.term != "no":
            choices: list[tuple[str, Text]] = [(key, label) for key, (_length, label) in TERMS.items()]
            if deed.term == "may":
                choices.append((FOREVER, gettext_lazy("until it is lifted")))
            self.fields["term"] = forms.ChoiceField(
                label=gettext_lazy("For how long"), choices=choices, initial="1d"
            )
        if deed.choices is not None:
            self.fields["choice"] = forms.ChoiceField(label=str(deed.asks), choices=list(deed.choices(by)))

    def clean_reason(self) -> str:
        try:
            return record.clean_reason(self.cleaned_data["reason"])
        except ChatError as error:
            raise forms.ValidationError([str(text) for text in error.details["reason"]]) from None

    def order(self, by: User) -> Order:
        """What the valid form says."""
        said = self.cleaned_data
        length = TERMS.get(said.get("term", ""))
        until = now() + length[0] if length else None
        return Order(by, said["reason"], until, said.get("choice", ""))


class DeedsAdmin(KeysetAdmin):
    """A model's pages with its deeds: in the list's menu, and as buttons on a row's page."""

    deeds: ClassVar[Sequence[Deed]] = ()

    def allowed(self, request: HttpRequest) -> list[Deed]:
        """Those that this person may do at all."""
        return [deed for deed in self.deeds if request.user.has_perm(deed.permission)]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # Django's own deletes rows; ours are all that there is.
        return {deed.name: (_action(deed), deed.name, deed.label) for deed in self.allowed(request)}

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *rest: Any, **more: Any) -> Any:
        # "All that match" is never meant: only what was marked.
        given: Any = request.POST.copy()
        given["select_across"] = "0"
        request.POST = given
        return super().response_action(request, queryset, *rest, **more)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        row = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        deeds = [deed for deed in self.allowed(request) if deed.fits(row)] if row is not None else []
        title = capfirst(str(self.opts.verbose_name))
        extra = {"deeds": deeds, "deed_target": row, "title": title, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, extra)

    def describe(self, row: Any) -> str:
        """What the row is, where it is asked whether to act on it."""
        return str(row)

    def perform(self, request: HttpRequest, deed: Deed, queryset: QuerySet[Any]) -> HttpResponse:
        """Ask, or, where that was answered, do it to each row, one by one: who is refused is named."""
        if request.method != "POST" or not request.user.has_perm(deed.permission):
            raise PermissionDenied
        by = cast(User, request.user)
        rows = list(queryset.order_by("pk")[: AT_ONCE + 1])
        if rows and isinstance(self.list_select_related, list | tuple):
            prefetch_related_objects(rows, *self.list_select_related)
        if len(rows) > AT_ONCE:
            self.message_user(
                request,
                ngettext("At most %d at once.", "At most %d at once.", AT_ONCE) % AT_ONCE,
                messages.ERROR,
            )
            return HttpResponseRedirect(_back(request))
        confirmed = "confirmed" in request.POST
        form = DeedForm(deed, by, request.POST if confirmed else None)
        if not (confirmed and form.is_valid()):
            return self._asked(request, deed, rows, form)
        order = form.order(User.objects.get(pk=by.pk))
        for row in rows:
            self._do(request, deed, row, order)
        return HttpResponseRedirect(_back(request))

    def _do(self, request: HttpRequest, deed: Deed, row: Model, order: Order) -> None:
        try:
            deed.act(row, order)
        except ChatError as error:
            problems = [
                str(text) for texts in error.details.values() if isinstance(texts, list) for text in texts
            ]
            said = " ".join([str(error.message), *problems])
            self.message_user(request, f"{row}: {said}", messages.ERROR)
        else:
            self.message_user(request, f"{row}: {deed.done}", messages.SUCCESS)

    def _asked(
        self, request: HttpRequest, deed: Deed, rows: Iterable[Model], form: DeedForm
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": str(deed.label),
            "deed": deed,
            "rows": [(row.pk, self.describe(row)) for row in rows],
            "form": form,
            "opts": self.opts,
            "back": _back(request),
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/deed.html", context)


def _action(deed: Deed) -> Callable[[DeedsAdmin, HttpRequest, QuerySet[Any]], HttpResponse]:
    def action(model_admin: DeedsAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return model_admin.perform(request, deed, queryset)

    return action


def _back(request: HttpRequest) -> str:
    """Where one came from, on this site; else the list."""
    for url in (request.POST.get("back"), request.headers.get("referer")):
        if url and url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure()):
            return url
    return request.get_full_path()


class ReasonedForm(forms.ModelForm[Any]):
    """A form by which moderators put words right, and say why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 60}),
        help_text=gettext_lazy("Why something of this is changed; kept on the record."),
    )

    def clean_reason(self) -> str:
        return DeedForm.clean_reason(self)  # type: ignore[arg-type]

    def words(self) -> dict[str, Any]:
        """What was changed."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "reason"}


class ReasonedAdmin(DeedsAdmin):
    """A model's pages where words are put right, by a service that is told who and why."""

    def put_right(self, row: Any, order: Order, words: dict[str, Any]) -> None:
        """Call the service. What it refuses is shown."""
        raise NotImplementedError

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        # What was typed is for the service; the row is read anew.
        form.save_m2m = lambda: None
        return self.model._default_manager.get(pk=form.instance.pk)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by, words = User.objects.get(pk=cast(Any, request.user).pk), form.words()
        try:
            if words:
                self.put_right(obj, Order(by, form.cleaned_data["reason"]), words)
        except ChatError as error:
            request._refused = error.message  # type: ignore[attr-defined]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The record has it."""

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        refused = getattr(request, "_refused", None)
        if refused is None:
            return super().response_change(request, obj)
        self.message_user(request, str(refused), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())


def said(text: str) -> str:
    """For lists: a text in short."""
    return text if len(text) <= 60 else text[:59] + "…"
