/*
 * test_stall.c - the count of waiting grows while more want to run than there
 * are processors, and what is not known is said to be so.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nearly.h"
#include "profile/stall.h"

static double fixed(void *self)
{
    return *(double *)self;
}

static void shares_are_of_the_time_taken(void **state)
{
    double waited = 30;
    struct clv_stall stall = {fixed, &waited};

    (void)state;
    assert_nearly(clv_stall_ns(stall), 30, 0);
    assert_nearly(clv_stall_share(stall, 10, 100), 0.2, 1e-9);
    assert_nearly(clv_stall_share(stall, 30, 100), 0, 0);
    assert_nearly(clv_stall_share(stall, 0, 10), 1, 0);
    assert_true(clv_stall_share(stall, 40, 100) < 0); /* it never goes back */
    assert_true(clv_stall_share(stall, -1, 100) < 0);
    assert_true(clv_stall_share(stall, 10, 0) < 0);
    waited = -1;
    assert_true(clv_stall_share(stall, 10, 100) < 0);
    assert_true(clv_stall_ns((struct clv_stall){0}) < 0);
    assert_true(clv_stall_share((struct clv_stall){0}, 0, 1) < 0);
}

/* Two processes on one processor: one of them waits all the time. */
static void two_on_one_processor_wait(void **state)
{
    struct clv_stall stall = clv_stall_machine();
    double before = clv_stall_ns(stall);
    double after = before;
    cpu_set_t one;
    pid_t children[2];

    (void)state;
    if (before < 0) {
        print_message("this system does not count waiting\n");
        skip();
    }
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            sched_setaffinity(0, sizeof one, &one);
            for (;;) {
            }
        }
    }
    /* half a minute of looking, where the first look should do; a count that
       is asked too often forgets (stall.h) */
    for (int i = 0; i < 3000 && after < before + 1e6; i++) {
        usleep(10000);
        after = clv_stall_ns(stall);
    }
    for (int i = 0; i < 2; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
    assert_true(after >= before + 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_of_the_time_taken),
        cmocka_unit_test(two_on_one_processor_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
