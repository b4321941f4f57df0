"""The GIS workbench for planners: every layer one may see, on one map."""
