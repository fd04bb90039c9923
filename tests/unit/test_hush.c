/*
 * test_hush.c - the known noise is dropped, everything else is heard.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/hush.h"

static void noise_is_dropped_and_words_are_heard(void **state)
{
    struct clv_hush hush;
    char heard[256] = "";
    int heard_by[2];
    int true_stderr = dup(STDERR_FILENO);

    (void)state;
    assert_int_equal(pipe(heard_by), 0);
    dup2(heard_by[1], STDERR_FILENO);
    clv_hush_begin(&hush);
    fputs("before\n", stderr);
    fputs("Schema error: Trying to register schema with name Abs\n\n", stderr);
    fputs("Schema error: Trying to register schema with name Add\n\n", stderr);
    fputs("Warning: Couldn't load Vulkan: no such file\n"
          "    at operator() (/build/dawn/vulkan.cpp:368)\n\n",
          stderr);
    fputs("between\n\nafter\n", stderr);
    clv_hush_end(&hush);
    fputs("later\n", stderr);
    dup2(true_stderr, STDERR_FILENO);
    close(true_stderr);
    close(heard_by[1]);
    assert_true(read(heard_by[0], heard, sizeof heard - 1) > 0);
    close(heard_by[0]);
    assert_string_equal(heard, "before\nbetween\n\nafter\nlater\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_dropped_and_words_are_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
