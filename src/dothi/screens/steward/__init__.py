"""The pages of those who keep datasets: describe, load, publish, answer."""
