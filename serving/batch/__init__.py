"""Tags files without a server: corpus or text files in, a folder of parts out, by Apache Beam."""
