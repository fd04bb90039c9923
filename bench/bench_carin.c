/*
 * bench_carin.c - several tasks under SLOs: choosing, keeping, switching.
 *
 *     use_cases  what RASS and its rivals choose, and how good that is
 *     states     the switching table in each of its states
 *     storage    what is kept of all variants
 *     lookup     one look-up in the table
 *     switch     a warm switch, and whom it delays
 *     live       SLOs under overload and want of memory
 *
 * Every section is a process of its own. Arguments name the sections to run;
 * none means all. `--quick` measures a little of everything, to try the
 * benchmark itself: its numbers mean nothing.
 */
#include <stdio.h>

#include "bench/carin_sections.h"
#include "bench/stage.h"

static const struct course_section sections[] = {
    {"use_cases", section_use_cases}, {"states", section_states},
    {"storage", section_storage},     {"lookup", section_lookup},
    {"switch", section_switch},       {"live", section_live},
};

int main(int argc, char **argv)
{
    if (stage_data() == NULL) {
        printf("there is no test data; name its folder in CLEAVE_DATA\n");
        return 77;
    }
    return course_run(sections, sizeof sections / sizeof sections[0], argc,
                      argv);
}
