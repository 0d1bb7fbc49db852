"""What people may have done: every act, by every role, and at the same second."""
