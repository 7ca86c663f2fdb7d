"""Measuring: from the waves of every lead to the beats of a record."""
