#!/usr/bin/env bash
# Fails where GCC builds a loop of the kernels twice and lets the distance or the alignment of arrays choose: the two versions round
# differently, so the same fit would end in other bits now and then. INDEPENDENT in sk_gd/kernels/_compiler.h is the cure.
# Needs gcc, and pip in the Python that runs it ($PYTHON, python unless told).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A build of a copy, in which the compiler tells what it has made of which line, of .pyx files too.
cp -r sk_gd pyproject.toml setup.cfg README.md LICENSE "$scratch/"
find "$scratch" \( -name '*.so' -o -name '*.c' \) -delete
cd "$scratch"
echo "cython_line_directives = 1" >> setup.cfg
CFLAGS="-fopt-info-vec-optimized" "${PYTHON:-python}" -m pip install --verbose --no-deps --target site . > log 2>&1 || { cat log; exit 1; }
grep -oE 'sk_gd/kernels/[a-z_]+\.(h|pyx):.*' log | sort -u > loops
if ! grep -q "loop vectorized" loops; then
    echo "the compiler told nothing of its loops"
    exit 1
fi
if grep -E "versioned|peeled|peeling" loops; then
    exit 1
fi
echo "$(grep -c "loop vectorized" loops) loops of the kernels are vectors, each in one version"
