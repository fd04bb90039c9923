/*
 * name.h - engine names: "cpu:threads=2,spin=off".
 */
#ifndef CLV_NAME_H
#define CLV_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"

/* More threads than this are a typing error. */
#define CLV_ENGINE_MAX_THREADS 1024

/* The greatest emulated slow-down. */
#define CLV_ENGINE_MAX_SLOW 1000

struct clv_engine_name {
    char scheme[16];    /* "cpu", "webgpu", "fake" */
    uint32_t threads;   /* of one inference; 0 = all cores */
    int spin;           /* waiting threads burn CPU for lower latency */
    uint32_t fail_each; /* fake: every n-th run fails, 0 = none */
    uint64_t delay_ns;  /* fake: every run takes this long */
    /* Emulated slow-down, in thousandths: 2500 takes two and a half times as
       long as the machine does. 1000 is none. */
    uint32_t slow_milli;
};

/*
 * Parses a name. NULL or "" is the default engine, "cpu". CLEAVE_INVALID
 * names the option that is wrong and those that exist.
 */
cleave_status clv_engine_name_parse(const char *text,
                                    struct clv_engine_name *ret_name,
                                    cleave_error *err);

/*
 * Writes the full name, every option that matters, in a fixed order. A
 * slow-down is told only where there is one.
 */
void clv_engine_name_print(const struct clv_engine_name *name, char *into,
                           size_t size);

#endif
