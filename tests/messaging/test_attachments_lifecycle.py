"""Quotas, who is first, what is swept, and what happens while the storage is away."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.core.files.storage import storages
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.models import User
from chatchat.clock import now
from messaging.attachments import storage, studio, sweep, usage
from messaging.models import Attachment, AttachmentUsage, Message
from messaging.services import messages
from messaging.writer import BATCH, Accepted, Outcome, Send, write
from tests.accounts.pictures import picture
from tests.client import ApiClient, ChatSocket, error_code, ok
from tests.messaging import hostile_files
from tests.messaging.attachments import check_usage, files, photo, upload, uploaded
from tests.messaging.common import check_numbers, post
from tests.messaging.line import room
from tests.messaging.test_writer import codes
from tests.people import new_user, orm
from tests.stack.server import Server
from tests.witness import at_once, told, untouched

pytestmark = pytest.mark.django_db
at_once_too = pytest.mark.django_db(transaction=True)


def folder() -> Path:
    """Where the files are."""
    return Path(storages["attachments"].path(""))


# --- how much one may store -------------------------------------------------------------------------


def test_a_quota_counts_whole_blocks_and_what_is_gone_no_more(
    amy: ApiClient, bob: ApiClient, direct: int, settings: Settings
) -> None:
    settings.ATTACHMENT_QUOTA_BYTES = 3 * usage.BLOCK
    first, second, third = uploaded(amy, b"1"), uploaded(amy, b""), uploaded(amy, bytes(usage.BLOCK))
    with untouched():
        refused = ok(upload(amy, b"4"), 413)
    assert error_code(refused) == "quota_exceeded"
    assert "12.0" in refused.json()["error"]["message"]
    assert len(files()) == 3
    uploaded(bob, b"a quota is a person's own")
    ok(amy.delete(first["url"]), 204)
    ok(post(amy, direct, "", attachments=[uploaded(amy)["id"]]), 201)
    ok(upload(amy, b"5"), 413)
    with told():
        ok(amy.delete(f"conversations/{direct}/messages/1"), 204)
    uploaded(amy, b"6")
    settings.ATTACHMENT_QUOTA_BYTES = 0
    for _ in range(3):
        uploaded(amy, bytes(10_000))
    ok(amy.delete(second["url"]), 204)
    ok(amy.delete(third["url"]), 204)
    check_usage()


def test_a_picture_counts_with_its_thumbnail(amy: ApiClient) -> None:
    made = photo(amy, (800, 600))
    row = Attachment.objects.get(pk=made["id"])
    assert row.stored == usage.blocks(row.size, row.thumbnail_size)
    assert AttachmentUsage.objects.get(pk=amy.id).stored == row.stored
    assert (usage.blocks(0), usage.blocks(4096), usage.blocks(4097)) == (4096, 4096, 8192)


@at_once_too
def test_uploads_at_once_stay_within_the_quota(settings: Settings) -> None:
    amy = new_user("Amy")
    settings.ATTACHMENT_QUOTA_BYTES = 5 * usage.BLOCK
    outcomes = at_once(*[partial(_try_upload, amy) for _ in range(8)])
    assert sorted(outcomes) == ["quota_exceeded"] * 3 + ["stored"] * 5
    check_usage()


def _try_upload(user: User) -> str:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from messaging.attachments.usage import QuotaExceeded
    from messaging.services import attachments

    try:
        attachments.upload(owner_id=user.pk, file=SimpleUploadedFile("a.txt", b"hello"))
    except QuotaExceeded as error:
        return error.code
    return "stored"


def test_too_often_is_429(amy: ApiClient, bob: ApiClient, settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = True
    settings.ATTACHMENT_RATE = "3/h"
    for _ in range(3):
        uploaded(amy)
    refused = ok(upload(amy, b"one more"), 429)
    assert error_code(refused) == "rate_limited"
    assert int(refused.headers["Retry-After"]) > 0
    uploaded(bob)


# --- the writer -------------------------------------------------------------------------------------


def send(user: User, conversation: int, *ids: int, body: str = "look", client_id: Any = None) -> Send:
    return messages.prepare(
        user_id=user.pk,
        conversation_id=conversation,
        client_id=client_id or uuid4(),
        kind="text",
        body=body,
        reply_to=None,
        attachments=ids,
    )


def ready(owner: User, count: int) -> list[int]:
    """Uploads of theirs, without files."""
    Attachment.objects.bulk_create(
        Attachment(
            owner=owner,
            name="a",
            type="text/plain",
            size=1,
            file=storage.new_name(),
            stored=4096,
            state="ready",
        )
        for _ in range(count)
    )
    mine = Attachment.objects.filter(owner=owner, message=None).order_by("-pk")
    return list(mine.values_list("pk", flat=True)[:count])


@pytest.fixture
def three() -> list[User]:
    return [new_user(name) for name in ("Amy", "Bob", "Cat")]


def test_a_batch_with_attachments_costs_two_queries_more(
    three: list[User], django_assert_num_queries: Callable[..., Any]
) -> None:
    rooms = [room(*three) for _ in range(5)]
    plain = [send(three[n % 3], rooms[n % 5]) for n in range(60)]
    with django_assert_num_queries(8):  # with the transaction's two; as it was before there were any
        assert all(isinstance(outcome, Accepted) for outcome in write(plain))
    mine = {user.pk: ready(user, 40) for user in three}
    batch = [
        send(three[n % 3], rooms[n % 5], *[mine[three[n % 3].pk].pop() for _ in range(n % 4)])
        for n in range(60)
    ]
    with django_assert_num_queries(10):
        assert all(isinstance(outcome, Accepted) for outcome in write(batch))
    for item in batch:
        row = Message.objects.get(client_id=item.client_id)
        assert [one["id"] for one in row.data.get("attachments", [])] == list(item.attachments)
        assert set(row.attachments.values_list("pk", flat=True)) == set(item.attachments)


def test_the_biggest_batch_takes_all_its_attachments(three: list[User]) -> None:
    amy = three[0]
    chat = room(*three)
    mine = ready(amy, BATCH * 10)
    outcomes = write([send(amy, chat, *mine[n * 10 : n * 10 + 10]) for n in range(BATCH)])
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert not Attachment.objects.filter(message=None).exists()


def test_in_a_batch_the_first_gets_it_and_one_bad_message_fails_alone(three: list[User]) -> None:
    amy, bob, _ = three
    chat = room(*three)
    first, second, third = ready(amy, 3)
    [his] = ready(bob, 1)
    again = uuid4()
    outcomes = write(
        [
            send(amy, chat, first, second),
            send(amy, chat, second, third),  # one of them is taken
            send(amy, chat, his),
            send(amy, chat, third, client_id=again),
            send(amy, chat, third, client_id=again),
            send(amy, chat, 2**60),
            send(bob, chat, his),
            send(amy, chat),
        ]
    )
    assert codes(outcomes) == [1, "invalid", "invalid", 2, -2, "invalid", 3, 4]
    assert Attachment.objects.filter(message=None).count() == 0
    check_numbers(chat)


def test_who_may_not_speak_loses_no_attachment(three: list[User]) -> None:
    amy, bob, _ = three
    chat = room(bob)
    [mine] = ready(amy, 1)
    assert codes(write([send(amy, chat, mine)])) == ["not_found"]
    assert codes(write([send(amy, room(amy), mine)])) == [1]


@at_once_too
def test_two_messages_at_once_do_not_share_an_attachment(three: list[User]) -> None:
    amy = three[0]
    for _ in range(6):
        rooms = [room(*three), room(*three)]
        [mine] = ready(amy, 1)
        outcomes: list[list[Outcome]] = at_once(
            *[partial(write, [send(amy, chat, mine, body=str(chat))]) for chat in rooms]
        )
        assert sorted(str(codes(outcome)[0]) for outcome in outcomes) == ["1", "invalid"]
        assert Message.objects.filter(conversation__in=rooms).count() == 1


@at_once_too
def test_a_message_and_a_taking_back_at_once(three: list[User]) -> None:
    from chatchat.errors import NotFound
    from messaging.services import attachments

    amy = three[0]
    chat = room(*three)

    def send_it(id_: int) -> list[object]:
        return codes(write([send(amy, chat, id_)]))

    def take_back(id_: int) -> list[object]:
        try:
            attachments.take_back(owner_id=amy.pk, attachment_id=id_)
        except NotFound:
            return ["too late"]
        return ["gone"]

    for _ in range(6):
        [mine] = ready(amy, 1)
        sent, taken = at_once(partial(send_it, mine), partial(take_back, mine))
        row = Attachment.objects.filter(pk=mine).first()
        assert (row is None) == (taken == ["gone"]) == (sent == ["invalid"])


# --- on the socket ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_on_the_socket(server: Server, person: Callable[..., ApiClient]) -> None:
    import asyncio

    def prepare() -> tuple[ApiClient, ApiClient, int, dict[str, Any], dict[str, Any]]:
        amy, bob = person("Amy"), person("Bob")
        return amy, bob, amy.befriend(bob), photo(amy), uploaded(bob)

    amy, bob, direct, mine, his = await asyncio.to_thread(prepare)
    frame = {"type": "message.send", "conversation": direct, "client_id": str(uuid4()), "body": ""}
    async with ChatSocket(server.ws_url, amy.token) as writer, ChatSocket(server.ws_url, bob.token) as reader:
        await writer.hello()
        await reader.hello()
        for wrong in ([his["id"]], [mine["id"]] * 2, list(range(1, 12)), [0], ["1"], [True], "x", None, 1):
            refused = await writer.request({**frame, "attachments": wrong})
            assert refused["error"]["code"] == "invalid", wrong
            assert "attachments" in refused["error"]["details"], wrong
        refused = await writer.request({**frame, "attachments": []})
        assert "body" in refused["error"]["details"]
        accepted = await writer.request({**frame, "attachments": [mine["id"]]})
        assert (accepted["type"], accepted["duplicate"]) == ("message.accepted", False)
        told_ = (await reader.next("message"))["message"]
        assert told_["data"] == {"attachments": [mine]}
        again = await writer.request({**frame, "attachments": [mine["id"]]})
        assert (again["seq"], again["duplicate"]) == (accepted["seq"], True)
        refused = await writer.request({**frame, "attachments": []})
        assert refused["error"]["code"] in ("invalid", "client_id_conflict")
        await asyncio.to_thread(lambda: ok(bob.get(mine["url"])))
        recalled = {"type": "message.recall", "conversation": direct, "seq": accepted["seq"]}
        assert (await writer.request(recalled))["type"] == "ok"
        assert (await reader.next("message"))["message"]["data"] == {}
        await asyncio.to_thread(lambda: ok(bob.get(mine["url"]), 404))
        kept = await asyncio.to_thread(lambda: orm(files))
        assert len(kept) == 1, "his is still there, mine is gone"


# --- what is left over ------------------------------------------------------------------------------


def age(id_: int, by: timedelta) -> None:
    Attachment.objects.filter(pk=id_).update(created_at=now() - by)


def test_what_nobody_sends_is_swept_after_a_day(amy: ApiClient, direct: int) -> None:
    old, sent, new = photo(amy), photo(amy), photo(amy)
    ok(post(amy, direct, "", attachments=[sent["id"]]), 201)
    for made in (old, sent):
        age(made["id"], timedelta(hours=25))
    age(new["id"], timedelta(hours=23))
    assert sweep.sweep() == 1
    ok(amy.get(old["url"]), 404)
    ok(amy.get(sent["url"]))
    ok(amy.get(new["url"]))
    assert sweep.sweep() == 0
    check_usage()


def test_an_upload_that_was_cut_short_is_swept(amy: ApiClient) -> None:
    """A process that ends in the middle leaves a row that says so, and perhaps a file."""
    made = photo(amy)
    Attachment.objects.filter(pk=made["id"]).update(state=Attachment.State.PENDING)
    ok(amy.get(made["url"]), 404)
    assert sweep.sweep() == 0, "it may still be under way"
    age(made["id"], timedelta(days=2))
    assert sweep.sweep() == 1
    check_usage()


def test_many_are_swept_by_an_index(amy: ApiClient, django_assert_max_num_queries: Any) -> None:
    owner = User.objects.get(pk=amy.id)
    chat = room(owner)
    write([send(owner, chat)])
    message = Message.objects.get(conversation=chat)
    rows = [
        Attachment(
            owner=owner, name="a", type="text/plain", size=1, file=storage.new_name(), stored=4096,
            state="ready", message=message if number % 2 else None,
        )
        for number in range(3000)
    ]  # fmt: skip
    Attachment.objects.bulk_create(rows)
    AttachmentUsage.objects.create(user=owner, stored=3000 * 4096)
    with django_assert_max_num_queries(2):
        assert sweep.sweep() == 0
    Attachment.objects.filter(message=None).update(created_at=now() - timedelta(days=2))
    assert sweep.sweep() == 1500
    assert Attachment.objects.count() == 1500
    assert AttachmentUsage.objects.get(pk=owner.pk).stored == 1500 * 4096


def test_files_that_belong_to_nothing_are_removed_and_counts_mended(amy: ApiClient, direct: int) -> None:
    kept = photo(amy)
    ok(post(amy, direct, "", attachments=[kept["id"]]), 201)
    orphan, fresh = folder() / "ab/cd/orphan", folder() / "ab/cd/fresh"
    partial_ = folder() / "ab/cd/half.1234.part"
    orphan.parent.mkdir(parents=True, exist_ok=True)
    for path in (orphan, fresh, partial_):
        path.write_bytes(b"x")
    for path in folder().rglob("*"):
        if path.is_file() and path != fresh:
            os.utime(path, (time.time() - 90_000,) * 2)
    AttachmentUsage.objects.filter(pk=amy.id).update(stored=1)
    said = StringIO()
    call_command("attachments_sweep", "--check", stdout=said)
    assert said.getvalue().splitlines() == [
        "0 uploads were left over and are gone",
        "2 files belonged to nothing and are gone",
        "1 people's counts were wrong and are right",
        "0 files are missing",
    ]
    fresh.unlink()
    check_usage()
    row = Attachment.objects.get(pk=kept["id"])
    (folder() / row.file).unlink()
    said = StringIO()
    call_command("attachments_sweep", "--check", stdout=said)
    assert f"1 files are missing: [{row.pk}]" in said.getvalue()
    ok(amy.get(kept["url"]), 404)
    assert Attachment.objects.filter(pk=row.pk).exists(), "what was sent is not forgotten for it"


def test_a_server_sweeps_by_itself(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    server = start_server(ATTACHMENT_SWEEP_EVERY="1", ATTACHMENT_UNCLAIMED_SECONDS="0")
    made = uploaded(person("Amy", server=server))
    deadline = time.monotonic() + 10
    while orm(Attachment.objects.exists):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.02)
    assert orm(files) == set()
    assert made["id"]


# --- the storage is away ----------------------------------------------------------------------------


def test_while_the_storage_is_away_it_is_503_and_nothing_is_half_done(
    amy: ApiClient, direct: int, settings: Settings
) -> None:
    made = photo(amy)
    ok(post(amy, direct, "", attachments=[made["id"]]), 201)
    before = AttachmentUsage.objects.get(pk=amy.id).stored
    with away():
        with untouched():
            for content in (b"text", picture()):
                refused = ok(upload(amy, content), 503)
                assert error_code(refused) == "unavailable"
                assert int(refused.headers["Retry-After"]) > 0
            assert error_code(ok(amy.get(made["url"]), 503)) == "unavailable"
        assert AttachmentUsage.objects.get(pk=amy.id).stored == before
    ok(amy.get(made["url"]))
    check_usage()


def test_what_cannot_be_removed_is_removed_later(amy: ApiClient, direct: int) -> None:
    made = photo(amy)
    ok(post(amy, direct, "", attachments=[made["id"]]), 201)
    kept = folder() / Attachment.objects.get().file
    in_the_way = kept.rename(kept.with_suffix(".aside"))
    kept.mkdir()
    (kept / "full").touch()
    with told():
        ok(amy.delete(f"conversations/{direct}/messages/1"), 204)
    ok(amy.get(made["url"]), 404)
    assert Attachment.objects.get().state == Attachment.State.GONE
    assert sweep.sweep() == 0
    (kept / "full").unlink()
    kept.rmdir()
    in_the_way.rename(kept)
    assert sweep.sweep() == 1
    check_usage()


@contextmanager
def away() -> Iterator[None]:
    """Meanwhile something that is no folder is in the place of the files."""
    kept = folder().rename(folder().with_name("away"))
    folder().write_bytes(b"no folder")
    try:
        yield
    finally:
        folder().unlink()
        kept.rename(folder())


def test_a_full_disk_is_503(start_server: Callable[..., Server], person: Callable[..., ApiClient]) -> None:
    """A limit on the size of files stands in for the disk: the system refuses just so."""
    import resource

    server = start_server()
    amy = person("Amy", server=server)
    uploaded(amy)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY))
    for size in (4_000_000, 20_000_000):
        refused = ok(upload(amy, bytes(size)), 503)
        assert error_code(refused) == "unavailable"
        assert "Retry-After" in refused.headers
    chunked = amy.request(
        "POST",
        "attachments",
        content=iter([bytes(1_000_000)] * 5),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    ok(chunked, 503)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    uploaded(amy, bytes(4_000_000))
    assert orm(Attachment.objects.count) == 2


# --- making pictures anew ---------------------------------------------------------------------------


def test_a_picture_that_takes_too_long_is_refused_and_the_next_one_is_not(
    amy: ApiClient, settings: Settings
) -> None:
    photo(amy)
    settings.ATTACHMENT_IMAGE_SECONDS = 0.001
    big = hostile_files.encoded("PNG", (3000, 2000))
    refused = ok(upload(amy, big, "big.png"), 400)
    assert error_code(refused) == "image_too_large"
    settings.ATTACHMENT_IMAGE_SECONDS = 30
    photo(amy)
    check_usage()


def test_a_painter_makes_room_for_a_fresh_one(amy: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "EACH", 1)
    seen = set()
    for _ in range(3):
        photo(amy)
        seen |= {one._process.pid for one in studio._studio._idle if one._process is not None}
    assert len(seen) >= 3


def test_a_painter_that_dies_is_replaced(amy: ApiClient) -> None:
    photo(amy)
    for painter in studio._studio._idle:
        if painter._process is not None:
            painter._process.kill()
            painter._process.wait()
    photo(amy)


def test_too_many_pictures_at_once_are_503(amy: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "PATIENCE", 0.01)
    for _ in range(studio.PAINTERS):
        studio._studio._turns.acquire()
    try:
        refused = ok(upload(amy, picture(), "a.png"), 503)
        assert error_code(refused) == "busy"
        assert "Retry-After" in refused.headers
        uploaded(amy)  # what is no picture does not wait
    finally:
        for _ in range(studio.PAINTERS):
            studio._studio._turns.release()
    photo(amy)


def test_a_painter_knows_no_secret(amy: ApiClient) -> None:
    photo(amy)
    running = [one._process for one in studio._studio._idle if one._process is not None]
    assert running
    for process in running:
        known = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert b"SECRET_KEY" not in known
        assert b"DATABASE_URL" not in known


def test_pictures_do_not_hold_up_messages(server: Server, person: Callable[..., ApiClient]) -> None:
    """While every painter works at something big, what others do is answered as ever."""
    amy, bob = person("Amy"), person("Bob")
    direct = amy.befriend(bob)
    big = hostile_files.encoded("PNG", (5000, 4000))
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(upload(amy, big, "big.png"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(10):
        bob.send_message(direct, f"{number}")
    still = sum(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()
    assert still > 0, "the messages were through before the pictures were"
    assert [answer.status_code for answer in answers] == [201] * 3
