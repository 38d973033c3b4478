#!/usr/bin/env bash
# The kernels under AddressSanitizer and UBSan: built in a scratch copy, fuzzed at their boundaries, and put through their tests.
#   tools/sanitize.sh [seconds of fuzzing, 10 unless told]
# Needs gcc, and the packages of the "test" extra in the Python that runs it ($PYTHON, python unless told).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-10}
python=${PYTHON:-python}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Only the copy is built with sanitizers: less optimised, with line numbers, and any finding ends the process.
cp -r sk_gd pyproject.toml setup.cfg README.md LICENSE "$scratch/"
find "$scratch" \( -name '*.so' -o -name '*.c' \) -delete
cd "$scratch"
sed -i 's/"-O3", "-g0"/"-O1", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"/' pyproject.toml
LDFLAGS="-fsanitize=address,undefined" "$python" -m pip install --quiet --no-deps --target "$scratch/site" .
cd - > /dev/null

# The interpreter has no sanitizer in it, so the libraries come before everything. CPython leaks by design at its end, and its
# allocator and NumPy's own would hide whose memory is whose. Use of a stack after its return is not looked for: GCC before 12.4 puts
# vectors of 64 bytes at places of that stack which are multiples of 32 (its bug 110027), and ends on them itself.
export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc
export PYTHONPATH="$scratch/site:$PWD" PYTHONDONTWRITEBYTECODE=1
"$python" -P -m tools.fuzz_kernels --seconds "$seconds" --of "$scratch/site"
"$python" -P -m pytest -n0 -q -p no:cacheprovider tests/kernels/test_passes.py tests/kernels/test_quadratic.py
