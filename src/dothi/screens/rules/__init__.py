"""The rules of the city: what is watched, tried on the past before it is switched on, and when it is kept quiet."""
