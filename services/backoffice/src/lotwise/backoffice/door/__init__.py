"""Who comes in: sign-in, sessions, keys of machines, and the tokens that every service reads."""
