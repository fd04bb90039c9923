/*
 * test_sigpipe.c - a write to a closed pipe that ends nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "wire/sigpipe.h"

static int pipe_signals_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGPIPE);
}

static void a_write_to_nobody_is_only_an_error(void **state)
{
    struct clv_sigpipe hold;
    sigset_t mask;
    int ends[2];

    (void)state;
    signal(SIGPIPE, SIG_DFL); /* would end this program */
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    clv_sigpipe_hold(&hold);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(pipe_signals_pending(), 1);
    clv_sigpipe_release(&hold);
    assert_int_equal(pipe_signals_pending(), 0);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGPIPE), 0);
    close(ends[1]);
}

static void a_signal_of_the_application_stays(void **state)
{
    struct clv_sigpipe outer;
    struct clv_sigpipe inner;

    (void)state;
    clv_sigpipe_hold(&outer);
    raise(SIGPIPE);
    clv_sigpipe_hold(&inner);
    clv_sigpipe_release(&inner);
    assert_int_equal(pipe_signals_pending(), 1);
    clv_sigpipe_release(&outer);
    assert_int_equal(pipe_signals_pending(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_to_nobody_is_only_an_error),
        cmocka_unit_test(a_signal_of_the_application_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
