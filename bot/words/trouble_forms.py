"""The forms of what stops a connection, as connectors say it; a place stands in braces."""

from __future__ import annotations

from bot.locale import N_

TROUBLE_FORMS: tuple[str, ...] = (
    N_("{route}: no connection ({error}); nothing was sent"),
    N_("{route}: no whole answer ({error}), {n} times; wait and try again"),
    N_("{route}: HTTP {status}, {n} times; wait and try again"),
    N_("{route}: the server refuses for {seconds} s; nothing was done"),
    N_("{instance}: Slack refuses the {token} token at {method} ({error}); give a valid token and restart"),
    N_(
        "{instance}: {method} needs the scope {scope}; add it under OAuth & Permissions and reinstall the app"
    ),
    N_("{instance}: no {token} token is configured"),
    N_(
        "{instance}: Telegram refuses the bot token at {method}; give the token @BotFather shows under "
        "/mybots and restart"
    ),
    N_(
        "{instance}: {route} needs the application permission {scope}; grant it under Entra admin center > "
        "App registrations > the app > API permissions, with admin consent"
    ),
    N_(
        "{instance}: Graph refuses the app's token at {route} ({error}); check that the app still exists in "
        "the tenant, is enabled and has admin consent"
    ),
    N_("{instance}: Entra gives no token now ({problem}); try again"),
    N_("{instance} is not configured any more: put it back into the settings, or cancel its cases"),
)
