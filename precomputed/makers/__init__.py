"""Commands that make the data of this folder: published maps, samples, statistics, views, tables."""
