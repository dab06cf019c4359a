"""Finished WebSocket frames (RFC 6455 §5.2): a server's frames are unmasked, so one serves every reader."""

TEXT = 0x81  # FIN, opcode 1


def text_frame(payload: bytes) -> bytes:
    """``payload`` (UTF-8) as one unfragmented text frame."""
    size = len(payload)
    if size < 126:
        return bytes((TEXT, size)) + payload
    if size < 65536:
        return bytes((TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((TEXT, 127)) + size.to_bytes(8, "big") + payload
