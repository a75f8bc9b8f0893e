"""Staff: accounts, logins, sessions."""
