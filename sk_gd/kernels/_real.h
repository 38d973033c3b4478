/* All kernels for one dtype: _simd.h includes this file for float and for double, so it has no guard. */
#include "_losses.h"
#include "_update.h"
#include "_rows.h"
#include "_outputs.h"

#define INDEX int32_t
#define CSR(name) NAMED(name##_csr32)
#include "_csr.h"
#include "_csr_products.h"
#include "_csr_stochastic.h"
#include "_csr_lazy.h"
#include "_csr_adaptive.h"
#include "_csr_sweep.h"
#undef INDEX
#undef CSR

#define INDEX int64_t
#define CSR(name) NAMED(name##_csr64)
#include "_csr.h"
#include "_csr_products.h"
#include "_csr_stochastic.h"
#include "_csr_lazy.h"
#include "_csr_adaptive.h"
#include "_csr_sweep.h"
#undef INDEX
#undef CSR
