/*
 * test_name.c - engine names: read, written in full, and what is wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/name.h"

static void assert_full(const char *text, const char *want)
{
    struct clv_engine_name name;
    struct clv_engine_name again;
    cleave_error err = CLEAVE_ERROR_INIT;
    char full[128];
    char twice[128];

    if (clv_engine_name_parse(text, &name, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    clv_engine_name_print(&name, full, sizeof full);
    assert_string_equal(full, want);
    assert_int_equal(clv_engine_name_parse(full, &again, NULL), CLEAVE_OK);
    clv_engine_name_print(&again, twice, sizeof twice);
    assert_string_equal(twice, full);
}

static void names_that_mean_the_same_print_the_same(void **state)
{
    char all[64];

    (void)state;
    snprintf(all, sizeof all, "cpu:threads=%ld,spin=off",
             sysconf(_SC_NPROCESSORS_ONLN));
    assert_full(NULL, all);
    assert_full("", all);
    assert_full("cpu", all);
    assert_full("cpu:", all);
    assert_full("cpu:threads=0", all);
    assert_full("cpu:threads=2", "cpu:threads=2,spin=off");
    assert_full("cpu:spin=on,threads=2", "cpu:threads=2,spin=on");
    assert_full("cpu:threads=1,threads=3", "cpu:threads=3,spin=off");
    assert_full("webgpu:threads=1", "webgpu:threads=1,spin=off");
    assert_full("cpu:threads=2,slow=1", "cpu:threads=2,spin=off");
    assert_full("cpu:slow=10,threads=2", "cpu:threads=2,spin=off,slow=10");
    assert_full("cpu:slow=2.50,threads=2", "cpu:threads=2,spin=off,slow=2.5");
    assert_full("cpu:threads=2,slow=1.0004", "cpu:threads=2,spin=off");
    assert_full("cpu:threads=2,slow=1.0016",
                "cpu:threads=2,spin=off,slow=1.002");
    assert_full("fake:slow=1000", "fake:delay=0,fail=0,slow=1000");
    assert_full("fake", "fake:delay=0,fail=0");
    assert_full("fake:fail=3,delay=20", "fake:delay=20,fail=3");
}

static void assert_wrong(const char *text, const char *words)
{
    struct clv_engine_name name = {.threads = 77};
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_engine_name_parse(text, &name, &err), CLEAVE_INVALID);
    if (strstr(err.text, words) == NULL) {
        fail_msg("%s: '%s' does not say '%s'", text, err.text, words);
    }
    assert_int_equal(name.threads, 77); /* written on success only */
}

static void wrong_options_are_named(void **state)
{
    char many[200];

    (void)state;
    assert_wrong("cpu:threads", "'threads': has no value");
    assert_wrong("cpu:threads=two", "'threads': not a number");
    assert_wrong("cpu:threads=-1", "'threads': not a number");
    assert_wrong("cpu:threads=", "'threads': not a number");
    assert_wrong("cpu:threads=1025", "'threads': not a number");
    assert_wrong("cpu:threads=2x", "'threads': not a number");
    assert_wrong("cpu:threads=99999999999999999999", "'threads'");
    assert_wrong("cpu:spin=maybe", "'spin': neither on nor off");
    assert_wrong("cpu:slow=0.9", "'slow': not a factor");
    assert_wrong("cpu:slow=1001", "'slow': not a factor");
    assert_wrong("cpu:slow=2x", "'slow': not a factor");
    assert_wrong("cpu:slow=-2", "'slow': not a factor");
    assert_wrong("cpu:slow=", "'slow': not a factor");
    assert_wrong("cpu:delay=5", "'delay': no such option");
    assert_wrong("cpu:speed=9", "Known are threads=N, spin=on|off");
    assert_wrong("fake:delay=never", "'delay'");
    assert_wrong("fake:delay=3600001", "'delay'");
    assert_wrong("averyveryverylongscheme", "No such engine");
    memset(many, 'c', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_wrong(many, "too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_mean_the_same_print_the_same),
        cmocka_unit_test(wrong_options_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
