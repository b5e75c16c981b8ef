"""ModelGate: applies the rules of `evaluation` to a trained model, and blesses or refuses it."""
