/*
 * test_processor.c - the best path is one that the processor has.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/processor.h"

static void the_best_path_is_there_and_none_above_it(void **state)
{
    enum clv_path best = clv_processor_best();

    (void)state;
    assert_true(clv_processor_has(CLV_PATH_PORTABLE));
    assert_true(clv_processor_has(best));
    for (int path = (int)best + 1; path < CLV_PATH_COUNT; path++) {
        assert_false(clv_processor_has((enum clv_path)path));
    }
}

static void one_machine_has_only_its_own_paths(void **state)
{
    (void)state;
#if defined(__x86_64__)
    assert_false(clv_processor_has(CLV_PATH_NEON));
#else
    assert_false(clv_processor_has(CLV_PATH_AVX2));
    assert_false(clv_processor_has(CLV_PATH_AVX512));
#endif
    assert_true(!clv_processor_has(CLV_PATH_AVX512) ||
                clv_processor_has(CLV_PATH_AVX2));
}

static void paths_have_names(void **state)
{
    (void)state;
    assert_string_equal(clv_processor_name(CLV_PATH_PORTABLE), "portable");
    assert_string_equal(clv_processor_name(CLV_PATH_NEON), "neon");
    assert_string_equal(clv_processor_name(CLV_PATH_AVX2), "avx2");
    assert_string_equal(clv_processor_name(CLV_PATH_AVX512), "avx512");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_path_is_there_and_none_above_it),
        cmocka_unit_test(one_machine_has_only_its_own_paths),
        cmocka_unit_test(paths_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
