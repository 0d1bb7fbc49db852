"""The JSON API at /api/v1: tokens in, the same acts and views as every other screen, problems as RFC 9457."""
