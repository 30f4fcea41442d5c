"""The operators' page: topics and views in, one bounded picture, a web page and `/metrics` out."""
