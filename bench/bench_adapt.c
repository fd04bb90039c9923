/*
 * bench_adapt.c - deciding and adapting: how fast, how well, how surely.
 *
 *     decide     one decision over 20,000 designs
 *     confirm    points of the sweep lived through, and how far predictions
 *                were off
 *     traces     predictions over replayed traces
 *     step       a tenfold step of the link's rate
 *     auto_raw   against f32 at the best cut, whatever the rate
 *     outages    servers killed, frozen, black-holed
 *
 * Every section is a process of its own. Arguments name the sections to run;
 * none means all. `--quick` measures a little of everything, to try the
 * benchmark itself: its numbers mean nothing.
 */
#include "bench/adapt_sections.h"

static const struct course_section sections[] = {
    {"decide", section_decide},     {"confirm", section_confirm},
    {"traces", section_traces},     {"step", section_step},
    {"auto_raw", section_auto_raw}, {"outages", section_outages},
};

int main(int argc, char **argv)
{
    return course_run(sections, sizeof sections / sizeof sections[0], argc,
                      argv);
}
