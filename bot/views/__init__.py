"""What a signed-in person sees: pure values from the tables, cut to their roles, for any screen to render."""
