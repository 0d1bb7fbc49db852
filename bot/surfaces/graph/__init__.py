"""What Microsoft Graph tells Bawab: that memberships changed, never believed, only looked at."""
