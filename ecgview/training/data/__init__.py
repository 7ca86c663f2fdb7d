"""What a run learns from: data sets, their tasks and splits, and the packed copy that training reads."""
