"""The archive: closed months of facts as Parquet on any file system that PyArrow knows, without direct identifiers.

Here live the format, its writing, its verification and its reading. Which months are written or dropped, and how the
archive's facts meet those in PostgreSQL, is not known here.
"""
