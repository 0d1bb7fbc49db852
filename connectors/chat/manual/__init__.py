"""Groups no interface reaches: WhatsApp, Messenger, Instagram, Snapchat, X; each step becomes a task."""

from connectors.chat.manual.connector import CHECK_ALWAYS, ManualConfig, ManualConnector
from connectors.chat.manual.tasks import LANGUAGES, PlatformTasks, fill_steps, platform_tasks, task_steps

__all__ = [
    "CHECK_ALWAYS",
    "LANGUAGES",
    "ManualConfig",
    "ManualConnector",
    "PlatformTasks",
    "fill_steps",
    "platform_tasks",
    "task_steps",
]
