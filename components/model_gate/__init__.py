"""The model's gate: every rule, its value, its bound and its interval, and one verdict."""
