/*
 * carin_choice.c - what RASS and its rivals choose in each use case.
 */
#include <stdio.h>

#include "bench/carin_sections.h"
#include "bench/usecase.h"

void section_use_cases(const char *data, const struct carin_effort *effort)
{
    struct usecase_world w;

    (void)effort;
    for (size_t i = 0; i < usecase_count(); i++) {
        usecase_open(&w, data, usecase_at(i), USECASE_HERE);
        printf("%s %zu\n", w.app, w.application->task_count);
        usecase_close(&w);
    }
}
