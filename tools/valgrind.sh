#!/usr/bin/env bash
# A short fit of every kind under valgrind; any invalid read or write, or jump on a number that nobody set, ends it with an error.
# Valgrind knows no vectors of 64 bytes: the tiles of 32 run here, those of 64 under tools/sanitize.sh, on a processor that has them.
# Needs valgrind, and sk_gd in the Python that runs it ($PYTHON, python unless told). Some minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTHONMALLOC=malloc OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
valgrind --quiet --error-exitcode=3 --leak-check=no --suppressions=valgrind.supp "${PYTHON:-python}" -P short_fits.py
