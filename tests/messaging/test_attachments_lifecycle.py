"""Quotas, what is swept, and what happens while the storage is away."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.models import User
from chatchat.clock import now
from messaging.attachments import storage, sweep, usage
from messaging.models import Attachment, AttachmentUsage, Message
from tests.accounts.pictures import picture
from tests.client import ApiClient, error_code, ok
from tests.messaging.attachments import check_usage, files, photo, upload, uploaded
from tests.messaging.common import post
from tests.messaging.line import room, say
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
    say(owner, chat)
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


@pytest.mark.own_server("daphne keeps a big body in a file before the application sees it, and cuts the line")
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
