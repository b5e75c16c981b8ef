"""What earlier runs left, looked up in the pushed folder: for back ends that resolve nothing in their metadata."""
