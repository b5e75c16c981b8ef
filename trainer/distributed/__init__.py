"""Several worker processes that train one model: on this machine, or as pods of a TFJob or a TrainJob."""
