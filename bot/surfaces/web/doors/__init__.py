"""The pages before, around and after sign-in; those before it are open to anybody."""
