"""The comparison's XMPP clients count every message, however the stream is cut."""

import pytest

from bench.peers.xmpp import XmppCrowd, XmppSocket

pytestmark = pytest.mark.once

STREAM = (
    b"<presence from='all@conference.localhost/p2'><x xmlns='http://jabber.org/protocol/muc#user'/></presence>"
    b"<message type='groupchat' from='all@conference.localhost'><subject/></message>"
    b"<message type='groupchat' id='1'><body>~#000000001xx</body><stanza-id id='7'/></message>"
    b"<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"
    b"<message type='groupchat' id=\"2\"><body>~#000000002xx</body></message>"
    b"<message type='chat' id='3'><body>~#000000003 &lt;/message&gt;</body></message>\n"
)


def counted(*pieces: bytes) -> int:
    crowd = XmppCrowd("http://127.0.0.1:1", 2, pairs=False)
    crowd.sent_at.extend([0.0, 0.0, 0.0])
    socket = XmppSocket(crowd, crowd.seats[0])
    for piece in pieces:
        socket.data_received(piece)
    return crowd.seats[0].count


def test_a_message_counts_once_wherever_the_stream_is_cut() -> None:
    wrong = [at for at in range(len(STREAM)) if counted(STREAM[:at], STREAM[at:]) != 3]

    assert not wrong


def test_messages_count_when_they_come_byte_by_byte() -> None:
    assert counted(*(STREAM[at : at + 1] for at in range(len(STREAM)))) == 3
