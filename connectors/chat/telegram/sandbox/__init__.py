"""A Telegram to try things on: real state, the Bot API's wire format and refusals, people who act, faults."""

from connectors.chat.telegram.sandbox.app import JournalEntry, Sandbox, create_sandbox
from connectors.chat.telegram.sandbox.faults import Fault, FaultKind
from connectors.chat.telegram.sandbox.limits import Limits
from connectors.chat.telegram.sandbox.rights import BOT_ADMIN
from connectors.chat.telegram.sandbox.seed import BOT_ID, BOT_TOKEN, OWNER_ID, base_world, from_seed
from connectors.chat.telegram.sandbox.state import Bot, Chat, InviteLink, JoinRequest, Member, Status, User
from connectors.chat.telegram.sandbox.world import CannotJoin, World
from connectors.sandboxing import running_sandbox

__all__ = [
    "BOT_ADMIN",
    "BOT_ID",
    "BOT_TOKEN",
    "OWNER_ID",
    "Bot",
    "CannotJoin",
    "Chat",
    "Fault",
    "FaultKind",
    "InviteLink",
    "JoinRequest",
    "JournalEntry",
    "Limits",
    "Member",
    "Sandbox",
    "Status",
    "User",
    "World",
    "base_world",
    "create_sandbox",
    "from_seed",
    "running_sandbox",
]
