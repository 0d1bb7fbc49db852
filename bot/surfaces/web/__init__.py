"""The web console: pages that work without JavaScript, for HR, IT, chat admins and auditors."""
