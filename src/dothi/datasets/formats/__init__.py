"""Records of a dataset as files, in streams."""
