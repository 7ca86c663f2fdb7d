"""Training, baselines and evaluation. torch and scipy may be imported at module level here."""
