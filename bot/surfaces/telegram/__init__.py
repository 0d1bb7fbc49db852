"""What Telegram tells Bawab: who joined what, who asks to join, and who a person says they are."""
