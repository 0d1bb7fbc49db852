"""The JSON API: what programs read and do, by scoped tokens, described in OpenAPI."""
