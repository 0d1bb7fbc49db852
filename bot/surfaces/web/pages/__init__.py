"""The console's pages: each a router, rendering what a view gives and handing on what somebody decided."""
