"""DECIDE: pure values in, pure values out; nothing here can read, write, wait or tell the time."""
