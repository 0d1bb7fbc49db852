"""What one Slack workspace's connector is told at start."""

from __future__ import annotations

from dataclasses import dataclass, field

from yarl import URL


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """One workspace (or one workspace of an organisation). Tokens never show in `repr`."""

    instance: str
    bot_token: str = field(repr=False)
    admin_token: str | None = field(default=None, repr=False)
    """User token of an org owner or admin: sessions, deactivation, admin.conversations.*."""
    app_token: str | None = field(default=None, repr=False)
    """App-level token (xapp-…): opens the websockets of Socket Mode, and nothing else."""
    team_id: str | None = None
    """The workspace the tokens must belong to; needed for org-wide installations."""
    base_url: str = "https://slack.com/api/"
    scim_url: str = "https://api.slack.com/scim/v1/"
    socket_url: str | None = None
    """Where websockets may be opened; None: below the host of `base_url`."""
    may_join_public: bool = False
    """Whether the bot may join a public channel in order to remove somebody from it."""
    some_rule_may_join: bool = False
    """Whether some rule lets the bot do so; said by `check` only, each step carries its own rule's word."""
    pace_scale: float = 1.0
    """Stretches the published rate limits' intervals; 0 switches pacing off (sandboxes only)."""
    connect_timeout_seconds: float = 10.0
    timeout_seconds: float = 30.0
    backoff_seconds: float = 0.5
    read_tries: int = 3
    longest_read_wait_seconds: float = 65.0
    longest_write_wait_seconds: float = 5.0
    read_only: bool = False
    max_response_bytes: int = 16 * 1024 * 1024
    page_size: int = 999
    """Items asked for per page of channels or members, the most Slack allows; of people at most 200."""
    own_channels_kept_seconds: float = 60.0
    """How long one listing of the bot's own channels serves reading back, to tell what it would see."""
    user_groups_kept_seconds: float = 60.0
    """How long one listing of the user groups serves planning; never the reading before a write."""
    directory_kept_seconds: float = 600.0
    """How long one listing of everybody serves planning; whom it shows deactivated, or not, is asked for."""
    accounts_kept_seconds: float = 600.0
    """How long one listing of the accounts serves to tell members of groups apart; never to act upon."""
    managers_kept_seconds: float = 300.0
    """How long one listing of an organisation's channel managers serves planning; never a write."""
    requests_kept_seconds: float = 60.0
    """How long one listing of the open requests to invite somebody serves planning."""
    proxy: str | None = field(default=None, repr=False)
    """Explicit only: the environment's proxy variables are not read."""

    @property
    def hooks_base(self) -> str:
        """Where answers to commands and buttons go: `hooks.` before Slack's host; a sandbox is one host."""
        base = URL(self.base_url)
        return (
            str(base.origin() if _is_one_host(base) else base.origin().with_host(f"hooks.{base.host}")) + "/"
        )

    @property
    def sockets_base(self) -> str:
        """Where websockets may be opened; Slack names a host of its own for each."""
        if self.socket_url is not None:
            return self.socket_url
        base = URL(self.base_url)
        scheme = "wss" if base.scheme == "https" else "ws"
        host = str(base.origin()).partition("//")[2]
        return f"{scheme}://{host}/" if _is_one_host(base) else f"{scheme}://*.{host}/"


def _is_one_host(url: URL) -> bool:
    """Whether a server is reached by a port or an address of its own: everything is then on it."""
    return url.explicit_port is not None or url.host is None or "." not in url.host or url.host[-1].isdigit()
