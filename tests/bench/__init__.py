"""`make bench`: one table, each row beside a reference measured in the same run."""
