"""Where people and programs meet Bawab: render a value, receive a decision, no rules of their own."""
