"""Uploading, fetching and sending attachments over REST."""

from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from messaging.models import Attachment, Message
from messaging.services import moderation
from tests.accounts.pictures import picture
from tests.client import ApiClient, error_code, ok
from tests.messaging.attachments import check_usage, photo, upload, uploaded
from tests.messaging.common import changes, message, post, state
from tests.people import new_user
from tests.witness import told, untouched

pytestmark = pytest.mark.django_db


def test_a_picture_is_made_anew_and_gets_a_thumbnail(amy: ApiClient) -> None:
    answer = photo(amy, (1024, 768), "holiday.png")
    id_ = answer["id"]
    assert answer == {
        "id": id_,
        "name": "holiday.png",
        "type": "image/png",
        "size": answer["size"],
        "width": 1024,
        "height": 768,
        "url": f"/api/v1/attachments/{id_}",
        "thumbnail": {"url": f"/api/v1/attachments/{id_}/thumbnail", "width": 512, "height": 384},
    }
    whole = ok(amy.get(answer["url"]))
    assert len(whole.content) == answer["size"] == int(whole.headers["Content-Length"])
    assert Image.open(BytesIO(whole.content)).size == (1024, 768)
    small = ok(amy.get(answer["thumbnail"]["url"]))
    assert small.headers["Content-Type"] == "image/webp"
    assert Image.open(BytesIO(small.content)).size == (512, 384)


def test_a_file_is_kept_as_it_is_and_is_a_download(amy: ApiClient) -> None:
    answer = uploaded(amy, b"%PDF-1.7\n%%EOF", "Übersicht 报告.pdf")
    assert answer["name"] == "Übersicht 报告.pdf"
    assert (answer["type"], answer["size"]) == ("application/pdf", 14)
    assert (answer["width"], answer["height"], answer["thumbnail"]) == (None, None, None)
    got = ok(amy.get(answer["url"]))
    assert got.content == b"%PDF-1.7\n%%EOF"
    assert got.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''%C3%9Cbersicht%20%E6%8A%A5%E5%91%8A.pdf"
    )
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert got.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert got.headers["Cache-Control"] == "private, no-cache"


def test_they_are_sent_with_a_message_in_their_order(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    first, second = uploaded(amy), photo(amy)
    with told() as events:
        sent = ok(post(amy, direct, "", attachments=[second["id"], first["id"]]), 201).json()
    assert (sent["kind"], sent["body"]) == ("text", "")
    assert sent["data"] == {"attachments": [second, first]}
    assert changes(events) == [sent]
    assert bob.history(direct) == [sent]
    assert state(bob, direct)["last_message"] == sent
    assert ok(bob.get(f"conversations/{direct}/sync", after=0)).json()["messages"] == [sent]
    assert ok(bob.get("offline")).json()["results"] == [{"conversation": direct, "message": sent}]
    ok(bob.get(first["url"]))
    ok(bob.get(second["thumbnail"]["url"]))


def test_before_it_is_sent_only_its_owner_has_it(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    mine = photo(amy)
    ok(bob.get(mine["url"]), 404)
    ok(bob.get(mine["thumbnail"]["url"]), 404)
    ok(bob.delete(mine["url"]), 404)
    ok(amy.delete(mine["url"]), 204)
    ok(amy.get(mine["url"]), 404)
    ok(amy.delete(mine["url"]), 404)
    assert not Attachment.objects.exists()
    check_usage()


def test_what_is_sent_is_not_taken_back_without_its_message(amy: ApiClient, direct: int) -> None:
    mine = uploaded(amy)
    ok(post(amy, direct, "", attachments=[mine["id"]]), 201)
    ok(amy.delete(mine["url"]), 404)
    ok(amy.get(mine["url"]))


def test_a_retry_gives_the_first_result(amy: ApiClient, direct: int) -> None:
    mine, other = uploaded(amy), uploaded(amy)
    client_id = str(uuid4())
    sent = ok(post(amy, direct, "see", client_id=client_id, attachments=[mine["id"]]), 201).json()
    again = ok(post(amy, direct, "see", client_id=client_id, attachments=[mine["id"]]), 200).json()
    assert again == sent
    for ids in ([], [other["id"]], [mine["id"], other["id"]]):
        refused = ok(post(amy, direct, "see", client_id=client_id, attachments=ids), 409)
        assert error_code(refused) == "client_id_conflict"
    assert Attachment.objects.get(pk=other["id"]).message is None


def test_only_ones_own_and_only_once(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    mine, his, sent = uploaded(amy), uploaded(bob), uploaded(amy)
    ok(post(amy, direct, "", attachments=[sent["id"]]), 201)
    with untouched():
        for ids in (
            [his["id"]],
            [sent["id"]],
            [2**62],
            [mine["id"], his["id"]],
            [mine["id"], mine["id"]],
            list(range(1, 12)),
            ["1"],
            [True],
            [0],
            None,
        ):
            refused = ok(post(amy, direct, "look", attachments=ids), 400)
            assert "attachments" in refused.json()["error"]["details"], ids
    ok(post(amy, direct, "look", attachments=[mine["id"]]), 201)


def test_recalled_is_gone(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    mine = photo(amy)
    ok(post(amy, direct, "oops", attachments=[mine["id"]]), 201)
    with told():
        ok(amy.delete(f"conversations/{direct}/messages/1"), 204)
    assert message(bob, direct, 1)["data"] == {}
    for person in (amy, bob):
        ok(person.get(mine["url"]), 404)
        ok(person.get(mine["thumbnail"]["url"]), 404)
    assert not Attachment.objects.exists()
    check_usage()


def test_a_moderator_of_the_site_recalls_the_files_too(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    mine = photo(amy)
    ok(post(amy, direct, "rude", attachments=[mine["id"]]), 201)
    with told():
        rude = Message.objects.get(conversation=direct)
        moderation.recall(message_id=rude.pk, by=new_user(is_staff=True), reason="rude")
    ok(bob.get(mine["url"]), 404)
    check_usage()


def test_an_edit_keeps_them(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    mine = uploaded(amy)
    ok(post(amy, direct, "look @Bob", attachments=[mine["id"]]), 201)
    assert message(bob, direct, 1)["data"] == {"attachments": [mine], "mentions": [bob.id]}
    edited = ok(amy.patch(f"conversations/{direct}/messages/1", {"body": " "})).json()
    assert (edited["body"], edited["data"]) == ("", {"attachments": [mine]})
    edited = ok(amy.patch(f"conversations/{direct}/messages/1", {"body": "@Bob"})).json()
    assert edited["data"] == {"attachments": [mine], "mentions": [bob.id]}
    ok(bob.get(mine["url"]))


def test_without_any_there_has_to_be_text(amy: ApiClient, direct: int) -> None:
    ok(post(amy, direct, "words"), 201)
    with untouched():
        for body in ("", " \n"):
            assert "body" in ok(post(amy, direct, body), 400).json()["error"]["details"]
            refused = ok(amy.patch(f"conversations/{direct}/messages/1", {"body": body}), 400)
            assert "body" in refused.json()["error"]["details"]


def test_the_declared_type_and_extension_are_not_believed(amy: ApiClient) -> None:
    page = ok(upload(amy, b"<script>alert(1)</script>", "me.png", "image/png"), 201).json()
    assert (page["type"], page["name"]) == ("application/octet-stream", "me.png")
    assert ok(amy.get(page["url"])).headers["Content-Disposition"].startswith("attachment")
    real = ok(upload(amy, picture("JPEG"), "page.html", "text/html"), 201).json()
    assert (real["type"], real["name"]) == ("image/jpeg", "page.html.jpg")


def test_messages_and_files_stay_when_an_account_ends(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    mine = uploaded(amy)
    ok(post(amy, direct, "", attachments=[mine["id"]]), 201)
    ok(amy.delete("users/me", {"current_password": amy.password}), 204)
    ok(bob.get(mine["url"]))


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    assert Message.objects.filter(attachments__state="gone").count() == 0
