"""The tutorial's consumer: a group a room, a row a message."""

from typing import Any
from urllib.parse import parse_qs

import jwt
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

from bench.peers.tutorial.models import Message, Participant, User


class ChatConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        self.room = int(self.scope["url_route"]["kwargs"]["room"])
        self.group = f"chat_{self.room}"
        self.user = await self.member()
        if self.user is None:
            await self.close()
            return
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send_json({"type": "ready"})

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        message = await self.keep(content)
        await self.send_json({"type": "accepted", "client_id": message["client_id"], "id": message["id"]})
        await self.channel_layer.group_send(self.group, {"type": "chat.message", "message": message})

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "message", "message": event["message"]})

    @database_sync_to_async
    def member(self) -> User | None:
        token = parse_qs(self.scope["query_string"].decode())["token"][0]
        try:
            user_id = int(jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])["sub"])
        except jwt.InvalidTokenError:
            return None
        if not Participant.objects.filter(user=user_id, conversation_id=self.room).exists():
            return None
        return User.objects.filter(pk=user_id).first()

    @database_sync_to_async
    def keep(self, content: dict[str, Any]) -> dict[str, Any]:
        message = Message.objects.create(
            conversation_id=self.room, sender=self.user, client_id=content["client_id"], body=content["body"]
        )
        return {
            "conversation": self.room,
            "id": message.pk,
            "sender": message.sender_id,
            "client_id": message.client_id,
            "body": message.body,
            "sent_at": message.sent_at.isoformat(),
        }
