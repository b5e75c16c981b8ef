"""What the report says about a model's answers: errors, confusion, marked-up sentences."""
