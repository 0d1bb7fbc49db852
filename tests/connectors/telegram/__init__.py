"""The Telegram connector and its sandbox, over real HTTP on loopback."""
