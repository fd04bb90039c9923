/*
 * test_journal.c - the log: one line each, whatever a peer sends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "serve/journal.h"

struct kept {
    int lines;
    cleave_log_level level;
    char line[2000];
};

static void keep(void *self, cleave_log_level level, const char *line)
{
    struct kept *kept = self;

    kept->lines++;
    kept->level = level;
    strcpy(kept->line, line);
}

static void lines_stay_lines(void **state)
{
    struct kept kept = {0};
    struct clv_journal journal = {keep, &kept};
    char longest[5000];

    (void)state;
    clv_journal_write(&journal, CLEAVE_LOG_WARNING, "tensor '%s'",
                      "a\nfake: line\x1b[0m");
    assert_int_equal(kept.lines, 1);
    assert_int_equal(kept.level, CLEAVE_LOG_WARNING);
    assert_string_equal(kept.line, "tensor 'a?fake: line?[0m'");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    clv_journal_write(&journal, CLEAVE_LOG_INFO, "%s", longest);
    assert_int_equal(strlen(kept.line), 1000);
}

static void without_a_callback_it_is_silent(void **state)
{
    struct clv_journal journal = {NULL, NULL};

    (void)state;
    clv_journal_write(&journal, CLEAVE_LOG_ERROR, "%d", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_stay_lines),
        cmocka_unit_test(without_a_callback_it_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
