/*
 * processor.h - which of its paths a kernel takes on this machine.
 *
 * Every kernel has a portable reference in C; some have a path for AVX2
 * (with BMI2), AVX-512 (F, BW, DQ, VL) or NEON. The best one that the
 * processor has is taken, unless a test asks for less. All paths give the
 * same bytes.
 */
#ifndef CLV_PROCESSOR_H
#define CLV_PROCESSOR_H

enum clv_path {
    CLV_PATH_PORTABLE,
    CLV_PATH_NEON,
    CLV_PATH_AVX2,
    CLV_PATH_AVX512
};

/* The path to take: the best that there is, but none above the limit. */
enum clv_path clv_processor_path(void);

/* For tests: limits the paths to this one and those before it. Not while
   another thread packs. */
void clv_processor_limit(enum clv_path path);

/* "portable", "neon", "avx2", "avx512". */
const char *clv_path_name(enum clv_path path);

#endif
