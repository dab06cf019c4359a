"""The tables of `schema.sql`."""

from django.db import models


class User(models.Model):
    name = models.CharField(max_length=64)

    class Meta:
        db_table = "users"
        managed = False


class Participant(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    conversation_id = models.BigIntegerField()

    class Meta:
        db_table = "participants"
        managed = False


class Message(models.Model):
    conversation_id = models.BigIntegerField()
    sender = models.ForeignKey(User, on_delete=models.CASCADE)
    client_id = models.CharField(max_length=36)
    body = models.TextField()
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "messages"
        managed = False
