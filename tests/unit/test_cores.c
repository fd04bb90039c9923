/*
 * test_cores.c - cores are those that this process is allowed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <unistd.h>

#include "base/cores.h"

static void a_process_bound_to_one_core_has_one(void **state)
{
    cpu_set_t before;
    cpu_set_t one;
    size_t core = 0;

    (void)state;
    assert_true(clv_cores_count() >= 1);
    assert_true(clv_cores_count() <= (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    while (!CPU_ISSET(core, &before)) {
        core++;
    }
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(clv_cores_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(clv_cores_count(), CPU_COUNT(&before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_bound_to_one_core_has_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
