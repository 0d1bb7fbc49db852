"""What only a person can do: opened, chased, confirmed or waived."""
