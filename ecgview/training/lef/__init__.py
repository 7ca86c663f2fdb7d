"""ECGPD-LEF: a tabular model of low ejection fraction on a classifier's named predictors (methods B)."""
