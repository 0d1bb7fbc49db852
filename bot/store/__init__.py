"""What Bawab remembers: tables, every query, migrations."""
