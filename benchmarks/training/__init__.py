"""The speed of training, beside other implementations."""
