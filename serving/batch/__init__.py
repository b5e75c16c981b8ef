"""Batch prediction without a server: corpus or text files in, a folder of tagged parts out, by Apache Beam."""
