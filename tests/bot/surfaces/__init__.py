"""What is told to Bawab from outside."""
