"""OGC API Tiles and Styles: collections as vector tiles, and how to draw them."""
