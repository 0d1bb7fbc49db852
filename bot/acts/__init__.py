"""What a signed-in person does: one door for every screen, where the right is asked before the act."""
