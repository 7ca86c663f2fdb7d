#!/usr/bin/env bash
# Renders every picture of the documentation again: the real window on a demonstration ECG, without a screen.
set -euo pipefail
cd "$(dirname "$0")/../.."
python="${PYTHON:-.venv/bin/python}"
for view in read explain reconstruct annotate; do
  for theme in light dark; do
    for size in 1600x1000 1280x800; do
      "$python" -m ecgview screenshot resources/demo/lbbb.hea --view "$view" --theme "$theme" --size "$size" \
        -o "docs/screenshots/$view-$theme-$size.png"
    done
  done
done
