/*
 * processor.c - asks the processor once for what it can do.
 *
 * The compiler's own table is filled before main and costs a load, so nothing
 * is kept here. A path counts only as a whole: one of the instructions
 * missing, and the next lower path is taken. Fused multiply-add is in no
 * path, because it rounds once where the reference rounds twice.
 */
#include "codec/processor.h"

#if defined(__x86_64__)
static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

static int has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

int clv_processor_has(enum clv_path path)
{
    switch (path) {
    case CLV_PATH_PORTABLE:
        return 1;
#if defined(__x86_64__)
    case CLV_PATH_AVX2:
        return has_avx2();
    case CLV_PATH_AVX512:
        return has_avx512();
#endif
#if defined(__aarch64__)
    case CLV_PATH_NEON: /* every such processor */
        return 1;
#endif
    default:
        return 0;
    }
}

enum clv_path clv_processor_best(void)
{
    for (int path = CLV_PATH_COUNT - 1; path > 0; path--) {
        if (clv_processor_has((enum clv_path)path)) {
            return (enum clv_path)path;
        }
    }
    return CLV_PATH_PORTABLE;
}

const char *clv_processor_name(enum clv_path path)
{
    switch (path) {
    case CLV_PATH_NEON:
        return "neon";
    case CLV_PATH_AVX2:
        return "avx2";
    case CLV_PATH_AVX512:
        return "avx512";
    default:
        return "portable";
    }
}
