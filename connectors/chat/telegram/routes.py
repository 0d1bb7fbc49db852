"""The allow-list: every Bot API method the connector and its listener call, no other, and what paces each."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.wire import Access, Route

API = "api"


@dataclass(frozen=True, slots=True)
class Method:
    """One Bot API method: read or write, and its rate limit in the manifest."""

    name: str
    access: Access
    limit: str

    def route(self) -> Route:
        """Give the wire's form; the parameters travel in the body, so only POST is let out."""
        shared = "" if self.limit == "poll" else "overall"
        return Route(self.name, frozenset({"POST"}), API, self.name, self.access, self.limit, shared=shared)


_METHODS = (
    Method("getMe", Access.READ, "read"),
    Method("getChat", Access.READ, "read"),
    Method("getChatMember", Access.READ, "read"),
    Method("getChatAdministrators", Access.READ, "read"),
    Method("getWebhookInfo", Access.READ, "read"),
    Method("banChatMember", Access.WRITE, "write"),
    Method("unbanChatMember", Access.WRITE, "write"),
    Method("promoteChatMember", Access.WRITE, "write"),
    Method("exportChatInviteLink", Access.WRITE, "write"),
    Method("approveChatJoinRequest", Access.WRITE, "write"),
    Method("declineChatJoinRequest", Access.WRITE, "write"),
    Method("sendMessage", Access.WRITE, "message"),
    Method("editMessageText", Access.WRITE, "message"),
    Method("answerCallbackQuery", Access.WRITE, "write"),
    Method("setMyCommands", Access.WRITE, "write"),
    # Asking for updates confirms the ones before: what was confirmed is never given again.
    Method("getUpdates", Access.WRITE, "poll"),
    Method("setWebhook", Access.WRITE, "write"),
)
METHODS = {method.name: method for method in _METHODS}
ROUTES: tuple[Route, ...] = tuple(method.route() for method in _METHODS)

# Parameters that would take something from everybody else; they never leave, whatever asks for them.
NEVER_TRUE = frozenset({"revoke_messages", "drop_pending_updates"})
