"""What serving costs over the graph itself."""
