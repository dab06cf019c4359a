"""A group's picture: as everybody's, but the group's."""

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from messaging.models import Conversation
from tests.accounts.pictures import picture, png
from tests.client import ApiClient, error_code, ok
from tests.witness import lines, told, untouched


def put(client: ApiClient, group: int, data: bytes | None = None) -> httpx.Response:
    image = png() if data is None else ("x.png", data, "image/png")
    return client.request("PUT", f"groups/{group}/avatar", files={"image": image})


def folder(settings: Any) -> set[str]:
    """The names of all kept pictures."""
    return {path.name for path in (Path(settings.MEDIA_ROOT) / "avatars").glob("*")}


def test_everybody_sees_it_in_the_group_and_in_its_conversation(
    group: int, adam: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    with told() as events:
        url = ok(put(adam, group)).json()["avatar"]
    assert lines(events, group) == [{"event": "group.changed", "fields": ["avatar"], "by": adam.id}]
    assert ok(mia.get(f"conversations/{group}")).json()["avatar"] == url
    assert ok(eve.get(f"groups/{group}")).json()["avatar"] == url
    image = Image.open(io.BytesIO(ok(mia.request("GET", url)).content))
    assert (image.format, image.size) == ("WEBP", (512, 512))


@pytest.mark.django_db(transaction=True)
def test_a_new_one_takes_the_place_of_the_old_one_and_it_goes_with_the_group(
    group: int, olga: ApiClient, settings: Any
) -> None:
    before = folder(settings)
    put(olga, group)
    second = ok(put(olga, group)).json()["avatar"]
    assert folder(settings) - before == {second.rpartition("/")[2]}
    ok(olga.delete(f"groups/{group}/avatar"), 204)
    assert ok(olga.get(f"groups/{group}")).json()["avatar"] is None
    assert folder(settings) == before
    ok(put(olga, group))
    ok(olga.delete(f"groups/{group}"), 204)
    assert folder(settings) == before
    assert Conversation.objects.get(pk=group).avatar == ""


def test_removing_none_tells_nobody(group: int, olga: ApiClient) -> None:
    with untouched():
        ok(olga.delete(f"groups/{group}/avatar"), 204)


def test_what_is_refused_leaves_no_file(
    group: int, olga: ApiClient, mia: ApiClient, eve: ApiClient, settings: Any
) -> None:
    before = folder(settings)
    with untouched():
        refused = [
            put(mia, group),
            put(eve, group),
            put(olga, group, b"<svg/>"),
            put(olga, group, picture()[:60]),
        ]
        refused.append(olga.put(f"groups/{group}/avatar", {"image": "x"}))
        refused.append(put(olga, group, b"x" * (settings.AVATAR_MAX_BYTES + 1)))
    assert [answer.status_code for answer in refused] == [403, 404, 415, 400, 415, 413]
    assert error_code(refused[2]) == "unsupported_type"
    assert folder(settings) == before


def test_pictures_are_limited(group: int, olga: ApiClient, settings: Any) -> None:
    settings.COST_RATE = "1/d"
    ok(put(olga, group))
    assert put(olga, group).status_code == 429
