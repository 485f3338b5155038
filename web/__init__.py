"""The article: one page of six chapters with figures that compute in the reader's browser."""
