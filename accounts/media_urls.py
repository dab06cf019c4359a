"""Where avatars are served from, under MEDIA_URL."""

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.http import require_safe


@require_safe
def avatar(request: HttpRequest, name: str) -> HttpResponse:
    """A picture that we have encoded ourselves; a new one has a new name, so this may be kept for ever."""
    try:
        with default_storage.open(f"avatars/{name}") as picture:
            data = picture.read()
    except OSError:
        raise Http404 from None
    return HttpResponse(
        data,
        content_type="image/webp",
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


urlpatterns = [re_path(r"^avatars/(?P<name>[A-Za-z0-9_-]{16,64}\.webp)$", avatar, name="avatar")]
