"""Who is who: accounts tied to people with certainty, by HR, by code, or asked."""
