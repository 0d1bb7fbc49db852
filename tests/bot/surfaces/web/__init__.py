"""The console over real HTTP, page by page."""
