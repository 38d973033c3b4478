/* What a compiler is told in words of its own; one that knows none of them builds the same kernels, slower.

   With GNU C on Linux x86-64 each KERNEL is built for several instruction sets and the loader picks one. */
#ifndef SK_GD_COMPILER_H
#define SK_GD_COMPILER_H

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define LONG_KERNEL __attribute__((unused, target("arch=x86-64-v4"))) static /* for callers that ask what the processor knows */
#endif

/* The loader picks before a sanitizer is ready: under one there is one build. */
#if defined(LONG_KERNEL) && !defined(__SANITIZE_ADDRESS__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define SPARSE_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define CLONES
#define SPARSE_CLONES
#endif

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline, unused))
#define KERNEL CLONES __attribute__((unused)) static
#define SPARSE_KERNEL SPARSE_CLONES __attribute__((unused)) static /* longer vectors lose: the rests that they leave cost more */
#define RESTRICT __restrict__
#define PREFETCH(address) __builtin_prefetch(address, 0, 2) /* second level: the first has few places to wait */
#define PREFETCH_NEAR(address) __builtin_prefetch(address, 0, 3)
#else
#define INLINE static inline
#define KERNEL static
#define SPARSE_KERNEL static
#define RESTRICT
#define PREFETCH(address) ((void)(address))
#define PREFETCH_NEAR(address) ((void)(address))
#endif

/* Whether a vector is a type of the language and its places can be shuffled. */
#if defined(__clang__) || defined(__GNUC__) && __GNUC__ >= 12
#define VECTORS 1
#else
#define VECTORS 0
#endif

/* Keeps a sum in a register of its own: a vector of sums would have its terms brought together one by one. */
#if defined(__GNUC__) && defined(__x86_64__)
#define KEEP_APART(sum) __asm__("" : "+x"(sum))
#else
#define KEEP_APART(sum) ((void)0)
#endif

/* No iteration of the loop that follows writes what another one reads. Left to find that out, a compiler builds the loop twice and
   chooses by the distance of the arrays in memory; the two round differently, and so would the same fit on the same rows. RESTRICT
   says it of a kernel's arguments, but not of a struct's members or in a function that is inlined. tools/one_version.sh looks.
   UNROLLED: four iterations at a time, in their order. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define UNROLLED _Pragma("clang loop unroll_count(4)")
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#define UNROLLED _Pragma("GCC unroll 4")
#else
#define INDEPENDENT
#define UNROLLED
#endif

#endif
