"""Microsoft Teams, Microsoft 365 and Entra groups: a connector for one tenant, over msgraph-sdk."""
