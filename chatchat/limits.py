"""The limits, settings like any other: past one there is a clear error, and nothing is half done."""

from datetime import timedelta

from chatchat.environment import env

RATELIMIT_ENABLE = env.bool("RATELIMIT_ENABLE", default=True)
MESSAGE_MAX_LENGTH = env.int("MESSAGE_MAX_LENGTH", default=4000)  # characters
FRAME_MAX_BYTES = env.int("FRAME_MAX_BYTES", default=64 * 1024)
SEND_RATE = env.float("SEND_RATE", default=10)  # messages a second a person
SEND_BURST = env.int("SEND_BURST", default=50)
FRAME_RATE = env.int("FRAME_RATE", default=50)  # frames a second a socket
FRAME_BURST = env.int("FRAME_BURST", default=200)
RECALL_WINDOW = timedelta(seconds=env.int("RECALL_SECONDS", default=120))
EDIT_WINDOW = timedelta(seconds=env.int("EDIT_SECONDS", default=24 * 3600))
GROUP_MAX_MEMBERS = env.int("GROUP_MAX_MEMBERS", default=5000)
READER_MAX_UNSENT_BYTES = env.int("READER_MAX_UNSENT_BYTES", default=1024 * 1024)
READER_MAX_STALL = env.int("READER_MAX_STALL", default=10)  # seconds without progress
MAX_SESSIONS = env.int("MAX_SESSIONS", default=10)  # devices at once a person
AVATAR_MAX_BYTES = env.int("AVATAR_MAX_BYTES", default=5 * 1024 * 1024)
AVATAR_MAX_SIDE = env.int("AVATAR_MAX_SIDE", default=4096)  # pixels
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=25 * 1024 * 1024)
#: What one person may store; 0: no bound.
ATTACHMENT_QUOTA_BYTES = env.int("ATTACHMENT_QUOTA_BYTES", default=1024 * 1024 * 1024)
ATTACHMENTS_PER_MESSAGE = 10
ATTACHMENT_MAX_PIXELS = env.int("ATTACHMENT_MAX_PIXELS", default=50_000_000)  # of a picture
ATTACHMENT_MAX_FRAMES = env.int("ATTACHMENT_MAX_FRAMES", default=1000)  # of an animation
ATTACHMENT_MAX_ANIMATED_PIXELS = env.int(
    "ATTACHMENT_MAX_ANIMATED_PIXELS", default=100_000_000
)  # of all frames
ATTACHMENT_IMAGE_SECONDS = env.float("ATTACHMENT_IMAGE_SECONDS", default=30)  # to make one anew
#: How long an upload that nobody has sent is kept.
ATTACHMENT_UNCLAIMED = timedelta(seconds=env.int("ATTACHMENT_UNCLAIMED_SECONDS", default=24 * 3600))
ATTACHMENT_SWEEP_EVERY = env.int("ATTACHMENT_SWEEP_EVERY", default=600)  # seconds
EMAIL_CODE_SECONDS = env.int("EMAIL_CODE_SECONDS", default=120)
EMAIL_CODE_TRIES = env.int("EMAIL_CODE_TRIES", default=5)
#: How long what moderators have recalled or dissolved can be restored.
MODERATION_KEEP = timedelta(days=env.int("MODERATION_KEEP_DAYS", default=30))
#: How long the record of actions and security events is kept; 0: for ever.
RECORD_KEEP = timedelta(days=env.int("RECORD_KEEP_DAYS", default=365))
# django-ratelimit's notation.
REQUEST_RATE = env.str("REQUEST_RATE", default="1200/m")  # of all kinds, a person or, of nobody, an IP
CONNECT_RATE = env.str("CONNECT_RATE", default="120/m")  # sockets opened, a person
COST_RATE = env.str("COST_RATE", default="60/m")  # joins, requests and searches, a person
ATTACHMENT_RATE = env.str("ATTACHMENT_RATE", default="60/m")  # uploads, a person
LOGIN_RATE = env.str("LOGIN_RATE", default="10/m")  # for an account from one IP
LOGIN_IP_RATE = env.str("LOGIN_IP_RATE", default="100/m")
CODE_RATE = env.str("CODE_RATE", default="1/m")  # e-mail codes, an address
CODE_DAY_RATE = env.str("CODE_DAY_RATE", default="10/d")
CODE_IP_RATE = env.str("CODE_IP_RATE", default="20/h")
