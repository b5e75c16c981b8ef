"""What could stop a run or a server on this machine, looked at without changing anything. Imports no TensorFlow."""
