"""What travels over the wire in either direction: status codes with their texts, and tensors."""
