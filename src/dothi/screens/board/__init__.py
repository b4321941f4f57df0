"""The dispatcher's board: crews as columns, the cases that wait for one, the map."""
