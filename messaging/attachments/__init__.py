"""Pictures and files: what they are, how they are kept, and how they are handed out.

docs/attachments.md says what is promised; the use cases are in ``messaging.services.attachments``.
"""
