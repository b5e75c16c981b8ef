"""Generated from `../proto` by `python -m serving.client.protocol.generate`; not to be edited."""
