"""The article: one page of six chapters, whose figures compute in the reader's own browser."""
