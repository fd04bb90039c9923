/*
 * progress.c - a line on the terminal that says how far, and how long yet.
 */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define SHOW_EACH_NS 200000000

static int64_t now_ns(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

void progress_begin(struct progress *p, int wanted, double total)
{
    *p = (struct progress){.on = wanted && isatty(STDERR_FILENO),
                           .total = total,
                           .started_ns = now_ns()};
}

const char *progress_time(double seconds, char into[32])
{
    if (seconds < 100) {
        snprintf(into, 32, "%.0f s", seconds);
    } else if (seconds < 6000) {
        snprintf(into, 32, "%.0f min", seconds / 60);
    } else {
        snprintf(into, 32, "%.1f h", seconds / 3600);
    }
    return into;
}

static void show(struct progress *p, double within)
{
    int64_t now = now_ns();
    double seconds = (double)(now - p->started_ns) / 1e9;
    double done = p->done + within;
    char left[32] = "?";

    if (!p->on || now - p->shown_ns < SHOW_EACH_NS) {
        return;
    }
    p->shown_ns = now;
    p->has_line = 1;
    if (done > 0.02 * p->total && seconds > 1) { /* before, it is a guess */
        progress_time(seconds * (p->total - done) / done, left);
    }
    fprintf(stderr, "\r\033[K%s  %.0f %%, %s left", p->what,
            p->total > 0 ? 100 * done / p->total : 0, left);
}

void progress_step(struct progress *p, double units, const char *what)
{
    snprintf(p->what, sizeof p->what, "%s", what);
    p->step = units;
    show(p, 0);
}

void progress_within(struct progress *p, size_t done, size_t count)
{
    show(p, count > 0 ? p->step * (double)done / (double)count : 0);
}

void progress_stepped(struct progress *p)
{
    p->done += p->step;
    p->step = 0;
}

void progress_drop(struct progress *p, double units)
{
    p->total -= units;
}

void progress_clear(struct progress *p)
{
    if (p->has_line) {
        fprintf(stderr, "\r\033[K");
        p->has_line = 0;
        p->shown_ns = 0;
    }
}
