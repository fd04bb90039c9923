/*
 * stall.c - how long work on this machine has waited for a processor.
 *
 *     some avg10=4.24 avg60=18.25 avg300=21.93 total=9678688442
 *
 * The total, in microseconds, is brought up to date by every reading. Opening
 * the file for each costs ten microseconds, outside of what is timed.
 */
#include "profile/stall.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH "/proc/pressure/cpu"
#define NS_PER_US 1e3

static double read_machine(void *self)
{
    char text[256];
    const char *total;
    int fd = open(PATH, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

    (void)self;
    if (fd >= 0) {
        close(fd);
    }
    if (length <= 0) {
        return -1;
    }
    text[length] = '\0';
    total = strstr(text, "total=");
    return strncmp(text, "some ", 5) == 0 && total != NULL
               ? (double)strtoull(total + strlen("total="), NULL, 10) *
                     NS_PER_US
               : -1;
}

struct clv_stall clv_stall_machine(void)
{
    return (struct clv_stall){read_machine, NULL};
}

double clv_stall_ns(struct clv_stall stall)
{
    return stall.waited_ns != NULL ? stall.waited_ns(stall.self) : -1;
}

double clv_stall_share(struct clv_stall stall, double before_ns, double took_ns)
{
    double now_ns = clv_stall_ns(stall);
    double share;

    if (before_ns < 0 || now_ns < before_ns || took_ns <= 0) {
        return -1;
    }
    share = (now_ns - before_ns) / took_ns;
    return share < 1 ? share : 1;
}
