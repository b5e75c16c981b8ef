"""TensorFlow Serving's configuration files, read and checked."""
