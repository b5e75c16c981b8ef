"""Status codes with their messages, and tensors, in the form that requests and answers carry them."""
