"""The CRF against TensorFlow Addons and other libraries."""
