"""Which wider permission includes a narrower one, and what a token therefore holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from connectors.chat.teams.tokens import Token

HIDDEN = "Member.Read.Hidden"
_DIRECTORY = "Directory.ReadWrite.All"
# Source: the permissions tables of the methods concerned, "higher privileged permissions".
WIDER: Mapping[str, tuple[str, ...]] = defaultdict(
    tuple,
    {
        "User.Read.All": ("User.ReadWrite.All", "Directory.Read.All", _DIRECTORY),
        "GroupMember.ReadWrite.All": ("Group.ReadWrite.All", _DIRECTORY),
        "Group.ReadWrite.All": (_DIRECTORY,),
        "Team.ReadBasic.All": ("TeamSettings.Read.All", "TeamSettings.ReadWrite.All"),
        "Channel.ReadBasic.All": ("ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All"),
        "Chat.ReadBasic.All": ("Chat.Read.All", "Chat.ReadWrite.All"),
        "ChatMember.ReadWrite.All": ("Chat.ReadWrite.All",),
        "User.EnableDisableAccount.All": ("User.ReadWrite.All", _DIRECTORY),
        "User.RevokeSessions.All": ("User.ReadWrite.All", _DIRECTORY),
        "User-LifeCycleInfo.Read.All": ("User-LifeCycleInfo.ReadWrite.All",),
    },
)


def held(token: Token, permission: str) -> bool:
    """Whether the token holds a permission or one that includes it; True where it cannot be read."""
    return token.may(permission, *WIDER[permission])


def sees_hidden(token: Token | None) -> bool:
    """Whether groups that hide their members are surely shown; a token that tells nothing proves nothing."""
    return token is not None and token.roles is not None and held(token, HIDDEN)
