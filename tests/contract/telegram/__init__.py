"""The Telegram connector on the suite's stage, and the bugs only a Telegram connector can have."""
