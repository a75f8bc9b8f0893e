"""The promises, one file each: checks as queries that find what does not fit."""
