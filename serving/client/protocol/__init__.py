"""TensorFlow Serving's protocol for the client: its messages, requests and tensors, without TensorFlow."""
