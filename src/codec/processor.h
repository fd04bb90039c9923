/*
 * processor.h - which of its paths a kernel takes on this machine.
 *
 * Every kernel has a portable reference in C; some have a path for AVX2
 * (with BMI2), AVX-512 (F, BW, DQ, VL) or NEON. Functions with several take
 * the path as their first argument: callers ask once for the best one, tests
 * go through all that clv_processor_has. A function without a path of its own
 * for the one asked takes the next lower one that it has; asking for a path
 * that the processor lacks is a caller's bug. All paths give the same bytes.
 */
#ifndef CLV_PROCESSOR_H
#define CLV_PROCESSOR_H

enum clv_path {
    CLV_PATH_PORTABLE,
    CLV_PATH_NEON,
    CLV_PATH_AVX2,
    CLV_PATH_AVX512
};

#define CLV_PATH_COUNT 4

/* The best path that this processor has. */
enum clv_path clv_processor_best(void);

/* True if the processor has it. */
int clv_processor_has(enum clv_path path);

/* "portable", "neon", "avx2", "avx512". */
const char *clv_processor_name(enum clv_path path);

#endif
