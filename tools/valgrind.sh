#!/usr/bin/env bash
# A short fit of every kind under valgrind, and calls of the kernels drawn for some seconds; any invalid read or write, or jump on a
# number that nobody set, ends it with an error. Valgrind knows no vectors of 64 bytes: the tiles of 32 run here, those of 64 under
# tools/sanitize.sh, on a processor that has them.
#   tools/valgrind.sh [seconds of calls, 120 unless told]
# Needs valgrind, and sk_gd in the Python that runs it ($PYTHON, python unless told). Some minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONMALLOC=malloc OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
watched() {
    valgrind --quiet --error-exitcode=3 --leak-check=no --suppressions=tools/valgrind.supp "${PYTHON:-python}" -P "$@"
}
watched tools/short_fits.py
PYTHONPATH=$PWD watched -m tools.fuzz_kernels --seconds "${1:-120}"
