"""What Slack tells Bawab by itself: signed events, answered and turned into looks, never into acts."""
