"""Text messages as WebSocket frames (RFC 6455 §5.2): those of a server, finished once for every reader, and
the plain ones of a client."""

from websockets.speedups import apply_mask

TEXT = 0x81  # FIN, opcode 1
MASKED = 0x80  # the bit beside the size that clients set, and servers do not
SIZE_IN_TWO_BYTES, SIZE_IN_EIGHT_BYTES = 126, 127
SHORTEST = 6  # bytes of a client's frame: two, and the mask


def text_frame(payload: bytes) -> bytes:
    """``payload`` (UTF-8) as one unfragmented text frame."""
    size = len(payload)
    if size < SIZE_IN_TWO_BYTES:
        return bytes((TEXT, size)) + payload
    if size < 65536:
        return bytes((TEXT, SIZE_IN_TWO_BYTES)) + size.to_bytes(2, "big") + payload
    return bytes((TEXT, SIZE_IN_EIGHT_BYTES)) + size.to_bytes(8, "big") + payload


def text_message(data: bytes, start: int, max_size: int | None) -> tuple[str, int] | None:
    """The whole text message of a client, below 64 KiB, that begins at ``start``, and where it ends.

    None if it is anything else, incomplete, bigger than ``max_size`` or not UTF-8.
    """
    if len(data) - start < SHORTEST or data[start] != TEXT:
        return None
    size, mask = data[start + 1] - MASKED, start + 2
    if size == SIZE_IN_TWO_BYTES:
        size, mask = int.from_bytes(data[mask : mask + 2], "big"), mask + 2
    elif not 0 <= size < SIZE_IN_TWO_BYTES:
        return None
    first = mask + 4
    end = first + size
    if end > len(data) or (max_size is not None and size > max_size):
        return None
    try:
        return apply_mask(data[first:end], data[mask:first]).decode(), end
    except UnicodeDecodeError:
        return None
