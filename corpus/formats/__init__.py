"""The file formats: one file each, and a table of them. Beside JSON lines stand forms in columns, forms of JSON
of annotation tools (`json_rows`), and forms whose files are rewritten as lines of JSON.
"""
