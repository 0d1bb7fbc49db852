"""Settings into connectors: the one place that knows which connector stands behind which setting."""

from __future__ import annotations

from pathlib import Path

from bot.settings import HrFeed, Settings, SlackInstance, TeamsInstance, TelegramInstance
from connectors.chat.manual import ManualConfig, ManualConnector
from connectors.contract import ChatConnector
from connectors.hr.contract import FeedMode, HrSource
from connectors.hr.csv_file import CsvFileConfig, CsvFileSource
from policies.model import RegisteredGroup


def build_chat(
    settings: Settings, registry: tuple[RegisteredGroup, ...], *, read_only: bool, may_join: bool
) -> dict[str, ChatConnector]:
    """Build one connector per configured instance, by its name."""
    built: dict[str, ChatConnector] = {}
    for name, slack in settings.slack.items():
        built[name] = _slack(name, slack, read_only=read_only, may_join=may_join)
    for name, telegram in settings.telegram.items():
        built[name] = _telegram(name, telegram, read_only=read_only)
    for name, teams in settings.teams.items():
        built[name] = _teams(name, teams, read_only=read_only)
    for name, manual in settings.manual.items():
        built[name] = ManualConnector(
            ManualConfig(instance=name, platform=manual.platform, title=manual.title, registry=registry)
        )
    return built


def build_hr(settings: Settings) -> tuple[HrSource, ...]:
    """Build one HR source per configured feed."""
    spool = settings.data_dir / "spool"
    return tuple(CsvFileSource(_csv(name, feed, spool)) for name, feed in settings.hr.items())


def _slack(name: str, slack: SlackInstance, *, read_only: bool, may_join: bool) -> ChatConnector:
    # Imported late, each of them: whoever has none of a platform does not load its SDK.
    from connectors.chat.slack import SlackConfig, SlackConnector  # noqa: PLC0415

    config = SlackConfig(
        instance=name,
        bot_token=slack.bot(),
        admin_token=slack.admin(),
        app_token=slack.app(),
        team_id=slack.team_id,
        base_url=slack.base_url,
        scim_url=slack.scim_url,
        some_rule_may_join=may_join,
        pace_scale=slack.pace_scale,
        timeout_seconds=slack.timeout_seconds,
        backoff_seconds=slack.backoff_seconds,
        read_only=read_only,
    )
    return SlackConnector(config)


def _telegram(name: str, telegram: TelegramInstance, *, read_only: bool) -> ChatConnector:
    from connectors.chat.telegram import TelegramConfig, TelegramConnector  # noqa: PLC0415 - as above

    return TelegramConnector(
        TelegramConfig(
            instance=name,
            bot_token=telegram.bot(),
            base_url=telegram.base_url,
            pace_scale=telegram.pace_scale,
            timeout_seconds=telegram.timeout_seconds,
            backoff_seconds=telegram.backoff_seconds,
            read_only=read_only,
        )
    )


def _teams(name: str, teams: TeamsInstance, *, read_only: bool) -> ChatConnector:
    from connectors.chat.teams import TeamsConfig, TeamsConnector  # noqa: PLC0415 - as above

    return TeamsConnector(
        TeamsConfig(
            instance=name,
            tenant_id=teams.tenant_id,
            client_id=teams.client_id,
            client_secret=teams.secret(),
            base_url=teams.base_url,
            login_url=teams.login_url,
            pace_scale=teams.pace_scale,
            timeout_seconds=teams.timeout_seconds,
            backoff_seconds=teams.backoff_seconds,
            read_only=read_only,
        )
    )


def _csv(name: str, feed: HrFeed, spool: Path) -> CsvFileConfig:
    return CsvFileConfig(
        name=name,
        path=feed.path,
        mode=FeedMode(feed.mode),
        spool=spool,
        columns=feed.columns,
        date_format=feed.date_format,
        encoding=feed.encoding,
        delimiter=feed.delimiter,
        sheet=feed.sheet,
        status_values=feed.status_values,
        exit_types=feed.exit_types,
        settle_seconds=feed.settle_seconds,
    )
