"""What must outlast a machine: backups, their way back, and the move to another database."""
