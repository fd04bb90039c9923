/*
 * teaching.c - how many inputs calibrate, told where it is not as usual.
 */
#include "teaching.h"

#include <stdio.h>

#include "profile/sampling.h"

void teaching_tell(int is_quiet, const char *flag, uint64_t wanted,
                   uint64_t total)
{
    uint64_t teachers = clv_sampling_teachers(wanted, total);

    if (is_quiet || wanted > 0 || total < 2 ||
        teachers == CLV_SAMPLING_DEFAULT) {
        return;
    }
    fprintf(stderr,
            "cleave: of %llu inputs %llu calibrate, not %d, so that others are "
            "left to test on; %s says otherwise.\n",
            (unsigned long long)total, (unsigned long long)teachers,
            CLV_SAMPLING_DEFAULT, flag);
}
