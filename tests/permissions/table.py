"""Who may do what at the REST door: a row a call, a column a person.

A path's ``{name}`` is an id of the world (see world.py), chosen for whose turn it is: ``{direct}`` is
one's own conversation with the owner (the member's, for who has none), ``{own}`` one's own message.
After the path stands the name of the body (see bodies.py). A number is the status of a success;
everything else is a refusal, by the short name below.
"""

from dataclasses import dataclass

from tests.permissions.world import PEOPLE

#: Short name → status and code of the error.
REFUSALS = {
    "401": (401, "not_authenticated"),
    "403": (403, "forbidden"),
    "404": (404, "not_found"),
    "ban": (403, "banned"),
    "mute": (403, "may_not_send"),
    "theirs": (403, "not_yours"),
    "creds": (401, "invalid_credentials"),
    "wrong": (403, "wrong_password"),
    "code": (400, "code_invalid"),
    "state": (400, "invalid_state"),
    "token": (400, "bind_token_invalid"),
    "input": (400, "invalid"),
    "friend": (409, "already_friends"),
    "inside": (409, "already_member"),
    "owns": (409, "owner_must_transfer"),
}

TABLE = """
                                                  anonymous stranger member former kicked muted blocked admin owner banned

# Anybody may knock; a stale or banned token that comes along hinders nobody.
POST auth/email-codes                    register       202   202   202   202   202   202   202   202   202   202
POST auth/email-codes                    forgotten      202   202   202   202   202   202   202   202   202   202
POST auth/email-codes                    change_code    401   202   202   202   202   202   202   202   202   ban
POST auth/register                       newcomer       201   201   201   201   201   201   201   201   201   201
POST auth/token                          login          creds 200   200   200   200   200   200   200   200   ban
POST auth/token                          wrong_login    creds creds creds creds creds creds creds creds creds creds
POST auth/token/refresh                  refresh        401   200   200   200   200   200   200   200   200   401
POST auth/password/reset                 reset          code  204   204   204   204   204   204   204   204   code
GET auth/third-party                     -              200   200   200   200   200   200   200   200   200   200
GET auth/third-party/other/login         -              302   302   302   302   302   302   302   302   302   302
GET auth/third-party/nowhere/login       -              404   404   404   404   404   404   404   404   404   404
GET auth/third-party/other/callback?code=a&state=b -    state state state state state state state state state state
POST auth/third-party/other/password     there          200   200   200   200   200   200   200   200   200   200
POST auth/third-party/other/password     wrong_there    creds creds creds creds creds creds creds creds creds creds
POST auth/third-party/bind               bind           201   201   201   201   201   201   201   201   201   ban
POST auth/third-party/bind               wrong_bind     token token token token token token token token token token

# One's own account.
GET auth/session                         -              401   200   200   200   200   200   200   200   200   ban
GET auth/sessions                        -              401   200   200   200   200   200   200   200   200   ban
DELETE auth/sessions/{my_session}        -              401   204   204   204   204   204   204   204   204   ban
DELETE auth/sessions/{owner_session}     -              401   404   404   404   404   404   404   404   204   ban
POST auth/logout                         -              401   204   204   204   204   204   204   204   204   ban
POST auth/password/change                change         401   204   204   204   204   204   204   204   204   ban
POST auth/password/change                wrong_change   401   wrong wrong wrong wrong wrong wrong wrong wrong ban
POST auth/email/change                   new_address    401   204   204   204   204   204   204   204   204   ban
POST auth/third-party/other/link         link           401   200   200   200   200   200   200   200   200   ban
POST auth/third-party/other/link         wrong_link     401   wrong wrong wrong wrong wrong wrong wrong wrong ban
GET auth/third-party/identities          -              401   200   200   200   200   200   200   200   200   ban
DELETE auth/third-party/identities/{my_identity}    -   401   204   204   204   204   204   204   204   204   ban
DELETE auth/third-party/identities/{owner_identity} -   401   404   404   404   404   404   404   404   204   ban
GET users/me                             -              401   200   200   200   200   200   200   200   200   ban
PATCH users/me                           profile        401   200   200   200   200   200   200   200   200   ban
DELETE users/me                          goodbye        401   204   204   204   204   204   204   204   204   ban
DELETE users/me                          wrong_goodbye  401   wrong wrong wrong wrong wrong wrong wrong wrong ban
PUT users/me/avatar                      picture        401   200   200   200   200   200   200   200   200   ban
DELETE users/me/avatar                   -              401   204   204   204   204   204   204   204   204   ban

# Others: who blocks and who is blocked do not find each other; the banned are not there.
GET users?search=Owner                   -              401   200   200   200   200   200   200   200   200   ban
GET users/{owner}                        -              401   200   200   200   200   200   404   200   200   ban
GET users/{blocked}                      -              401   200   200   200   200   200   200   200   404   ban
GET users/{banned}                       -              401   404   404   404   404   404   404   404   404   ban

# Friends.
GET friend-requests                      -              401   200   200   200   200   200   200   200   200   ban
POST friend-requests                     to_owner       401   201   friend 201  201   friend 404  201   input ban
POST friend-requests                     to_blocked     401   201   201   201   201   201   input 201   404   ban
POST friend-requests                     to_banned      401   404   404   404   404   404   404   404   404   ban
DELETE friend-requests/{i_asked}         -              401   204   204   204   204   204   204   204   204   ban
DELETE friend-requests/{request}         -              401   404   404   404   404   404   404   404   404   ban
POST friend-requests/{asked_me}/accept   -              401   200   200   200   200   200   200   200   200   ban
POST friend-requests/{i_asked}/accept    -              401   404   404   404   404   404   404   404   404   ban
POST friend-requests/{request}/accept    -              401   404   404   404   404   404   404   404   200   ban
POST friend-requests/{asked_me}/reject   -              401   204   204   204   204   204   204   204   204   ban
POST friend-requests/{request}/reject    -              401   404   404   404   404   404   404   404   204   ban
GET friends                              -              401   200   200   200   200   200   200   200   200   ban
PATCH friends/{owner}                    remark         401   404   200   404   404   200   200   404   404   ban
DELETE friends/{owner}                   -              401   404   204   404   404   204   204   404   404   ban
GET blocks                               -              401   200   200   200   200   200   200   200   200   ban
PUT blocks/{owner}                       -              401   204   204   204   204   204   204   204   input ban
DELETE blocks/{blocked}                  -              401   404   404   404   404   404   404   404   204   ban
DELETE blocks/{owner}                    -              401   404   404   404   404   404   404   404   404   ban

# Groups. Strangers may know of a group, but for one by invitation only.
GET groups                               -              401   200   200   200   200   200   200   200   200   ban
GET groups?search=group                  -              401   200   200   200   200   200   200   200   200   ban
POST groups                              new_group      401   201   201   201   201   201   201   201   201   ban
GET groups/{group}                       -              401   200   200   200   200   200   200   200   200   ban
GET groups/{secret}                      -              401   404   200   404   404   200   200   200   200   ban
GET groups/{dissolved}                   -              401   404   404   404   404   404   404   404   404   ban
PATCH groups/{group}                     rename         401   404   403   404   404   403   403   200   200   ban
PATCH groups/{group}                     mute_all       401   404   403   404   404   403   403   200   200   ban
PATCH groups/{group}                     announce       401   404   403   404   404   403   403   200   200   ban
PUT groups/{group}/avatar                picture        401   404   403   404   404   403   403   200   200   ban
DELETE groups/{group}/avatar             -              401   404   403   404   404   403   403   204   204   ban
DELETE groups/{group}                    -              401   404   403   404   404   403   403   403   204   ban
POST groups/{open}/join                  join           401   200   inside 200  200   inside inside inside inside ban
POST groups/{group}/join                 join           401   202   inside 202  202   inside inside inside inside ban
POST groups/{secret}/join                join           401   404   inside 404  404   inside inside inside inside ban
POST groups/{secret}/join                invited        401   200   inside 200  200   inside inside inside inside ban
POST groups/{secret}/join                wrongly        401   404   inside 404  404   inside inside inside inside ban
POST groups/{dissolved}/join             join           401   404   404   404   404   404   404   404   404   ban
POST groups/{group}/leave                -              401   404   204   404   404   204   204   204   owns  ban
POST groups/{group}/transfer             to_somebody    401   404   403   404   404   403   403   403   200   ban
POST groups/{group}/transfer             to_stranger    401   404   403   404   404   403   403   403   404   ban
GET groups/{group}/members               -              401   404   200   404   404   200   200   200   200   ban
PATCH groups/{group}/members/{somebody}  promote        401   404   403   404   404   403   403   403   200   ban
PATCH groups/{group}/members/{somebody}  mute           401   404   403   404   404   403   403   200   200   ban
PATCH groups/{group}/members/{admin}     demote         401   404   403   404   404   403   403   403   200   ban
PATCH groups/{group}/members/{admin}     mute           401   404   403   404   404   403   403   403   200   ban
PATCH groups/{group}/members/{owner}     mute           401   404   403   404   404   403   403   403   403   ban
PATCH groups/{group}/members/{muted}     unmute         401   404   403   404   404   403   403   200   200   ban
PATCH groups/{group}/members/{stranger}  mute           401   404   403   404   404   403   403   404   404   ban
DELETE groups/{group}/members/{somebody} -              401   404   403   404   404   403   403   204   204   ban
DELETE groups/{group}/members/{admin}    -              401   404   403   404   404   403   403   403   204   ban
DELETE groups/{group}/members/{owner}    -              401   404   403   404   404   403   403   403   403   ban
DELETE groups/{group}/members/{stranger} -              401   404   403   404   404   403   403   404   404   ban
GET groups/{group}/join-requests         -              401   404   403   404   404   403   403   200   200   ban
POST groups/{group}/join-requests/{waiting}/approve -   401   404   403   404   404   403   403   200   200   ban
POST groups/{group}/join-requests/{waiting}/reject  -   401   404   403   404   404   403   403   204   204   ban
POST groups/{open}/join-requests/{waiting}/approve  -   401   404   403   404   404   403   403   404   404   ban
POST groups/{open}/join-requests/{waiting}/reject   -   401   404   403   404   404   403   403   404   404   ban
GET groups/{group}/invitations           -              401   404   403   404   404   403   403   200   200   ban
POST groups/{group}/invitations          invite         401   404   403   404   404   403   403   201   201   ban
DELETE groups/{group}/invitations/{group_invitation} -  401   404   403   404   404   403   403   204   204   ban
DELETE groups/{open}/invitations/{group_invitation}  -  401   404   403   404   404   403   403   404   404   ban
GET invitations/{secret_token}           -              401   200   200   200   200   200   200   200   200   ban
GET invitations/{secret_token}/qr        -              401   200   200   200   200   200   200   200   200   ban

# A group's conversation. A block changes nothing in it.
GET conversations                        -              401   200   200   200   200   200   200   200   200   ban
GET conversations/{group}                -              401   404   200   404   404   200   200   200   200   ban
GET conversations/{dissolved}            -              401   404   404   404   404   404   404   404   404   ban
PATCH conversations/{group}              wishes         401   404   200   404   404   200   200   200   200   ban
PATCH conversations/{dissolved}          wishes         401   404   404   404   404   404   404   404   404   ban
GET conversations/{group}/messages       -              401   404   200   404   404   200   200   200   200   ban
GET conversations/{dissolved}/messages   -              401   404   404   404   404   404   404   404   404   ban
POST conversations/{group}/messages      text           401   404   201   404   404   mute  201   201   201   ban
POST conversations/{group}/messages      answer         401   404   201   404   404   mute  201   201   201   ban
POST conversations/{dissolved}/messages  text           401   404   404   404   404   404   404   404   404   ban
PATCH conversations/{group}/messages/{own}    edit      401   404   200   404   404   mute  200   200   200   ban
PATCH conversations/{group}/messages/{others} edit      401   404   theirs 404  404   theirs theirs theirs theirs ban
PATCH conversations/{group}/messages/{system} edit      401   404   theirs 404  404   theirs theirs theirs theirs ban
DELETE conversations/{group}/messages/{own}    -        401   404   204   404   404   204   204   204   204   ban
DELETE conversations/{group}/messages/{others} -        401   404   theirs 404  404   theirs theirs 204   204   ban
DELETE conversations/{group}/messages/{system} -        401   404   theirs 404  404   theirs theirs theirs theirs ban
PUT conversations/{group}/messages/{others}/reactions/👍 -    401 404 204   404 404   mute  204   204   204   ban
DELETE conversations/{group}/messages/{others}/reactions/👍 - 401 404 204   404 404   mute  204   204   204   ban
PUT conversations/{group}/read           read           401   404   200   404   404   200   200   200   200   ban
GET conversations/{group}/sync           -              401   404   200   404   404   200   200   200   200   ban
GET conversations/{group}/unread         -              401   404   200   404   404   200   200   200   200   ban
GET conversations/{dissolved}/unread     -              401   404   404   404   404   404   404   404   404   ban
GET offline                              -              401   200   200   200   200   200   200   200   200   ban
GET messages/search?q=hello              -              401   200   200   200   200   200   200   200   200   ban
GET messages/search?q=hello&conversation={group} -      401   404   200   404   404   200   200   200   200   ban
GET messages/search?q=hello&conversation={dissolved} -  401   404   404   404   404   404   404   404   404   ban
POST offline/ack                         group_ack      401   404   204   404   404   204   204   204   204   ban

# What was said before one came to a group whose newcomers see only what comes after.
PUT conversations/{since}/messages/2/reactions/👍 -     401   404   404   404   404   404   404   404   204   ban
PATCH conversations/{since}/messages/2   edit           401   404   404   404   404   404   404   404   200   ban
DELETE conversations/{since}/messages/2  -              401   404   404   404   404   404   404   404   204   ban
POST conversations/{since}/messages      old_answer     401   404   input 404   404   mute  input input 201   ban

# The owner's direct conversations: open to friends, closed by the end of it and by a block.
GET conversations/{direct}               -              401   404   200   200   404   200   200   404   200   ban
PATCH conversations/{direct}             wishes         401   404   200   200   404   200   200   404   200   ban
GET conversations/{direct}/messages      -              401   404   200   200   404   200   200   404   200   ban
POST conversations/{direct}/messages     text           401   404   201   mute  404   201   mute  404   201   ban
PATCH conversations/{direct}/messages/{said_direct}  edit 401 404   200   mute  404   200   mute  404   200   ban
DELETE conversations/{direct}/messages/{said_direct} -  401   404   204   204   404   204   204   404   204   ban
PUT conversations/{direct}/messages/{said_direct}/reactions/👍 -    401 404 204 mute 404 204 mute 404 204 ban
DELETE conversations/{direct}/messages/{said_direct}/reactions/👍 - 401 404 204 mute 404 204 mute 404 204 ban
PUT conversations/{direct}/read          read           401   404   200   200   404   200   200   404   200   ban
GET conversations/{direct}/sync          -              401   404   200   200   404   200   200   404   200   ban
GET conversations/{direct}/unread        -              401   404   200   200   404   200   200   404   200   ban
GET messages/search?q=hello&conversation={direct} -     401   404   200   200   404   200   200   404   200   ban
POST offline/ack                         direct_ack     401   404   204   204   404   204   204   404   204   ban

# Attachments: one's own until they are sent, then of whoever sees the message; a block changes nothing in a group.
POST attachments                         file           401   201   201   201   201   201   201   201   201   ban
GET attachments/{my_upload}              -              401   200   200   200   200   200   200   200   200   ban
GET attachments/{my_upload}/thumbnail    -              401   200   200   200   200   200   200   200   200   ban
DELETE attachments/{my_upload}           -              401   204   204   204   204   204   204   204   204   ban
GET attachments/{foreign_upload}         -              401   404   404   404   404   404   404   404   404   ban
GET attachments/{foreign_upload}/thumbnail -            401   404   404   404   404   404   404   404   404   ban
DELETE attachments/{foreign_upload}      -              401   404   404   404   404   404   404   404   404   ban
GET attachments/{attached_group}         -              401   404   200   404   404   200   200   200   200   ban
GET attachments/{attached_group}/thumbnail -            401   404   200   404   404   200   200   200   200   ban
DELETE attachments/{attached_group}      -              401   404   404   404   404   404   404   404   404   ban
GET attachments/{attached_secret}        -              401   404   200   404   404   200   200   200   200   ban
GET attachments/{attached_since}         -              401   404   404   404   404   404   404   404   200   ban
GET attachments/{attached_since}/thumbnail -            401   404   404   404   404   404   404   404   200   ban
GET attachments/{attached_dissolved}     -              401   404   404   404   404   404   404   404   404   ban
GET attachments/{attached_direct}        -              401   404   200   200   404   200   200   404   200   ban
GET attachments/{attached_direct}/thumbnail -           401   404   200   200   404   200   200   404   200   ban
POST conversations/{group}/messages      with_mine      401   404   201   404   404   mute  201   201   201   ban
POST conversations/{group}/messages      with_theirs    401   404   input 404   404   mute  input input input ban
POST conversations/{group}/messages      with_sent      401   404   input 404   404   mute  input input input ban
POST conversations/{direct}/messages     with_mine      401   404   201   mute  404   201   mute  404   201   ban
"""  # noqa: E501


@dataclass(frozen=True)
class Row:
    """A call and what each person gets for it."""

    method: str
    path: str
    body: str
    expected: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + ("" if self.body == "-" else f" {self.body}")


def rows() -> list[Row]:
    """The table, read."""
    found = []
    for line in TABLE.strip().splitlines()[1:]:
        if line and not line.startswith("#"):
            method, path, body, *cells = line.split()
            found.append(Row(method, path, body, dict(zip(PEOPLE, cells, strict=True))))
    return found
