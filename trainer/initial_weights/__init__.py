"""Where the weights start: pretrained vectors, or an earlier model (warm start)."""
