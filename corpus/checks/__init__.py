"""Check a corpus before anything is trained on it: findings with a code, a place and a remedy."""
