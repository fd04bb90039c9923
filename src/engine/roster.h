/*
 * roster.h - the engines that this machine has.
 *
 * A roster lists the names worth measuring: the processor with 1, 2, 4 ..
 * threads up to all cores, each also spinning where there is somebody to spin
 * for, and every other provider that ONNX Runtime has compiled in. Each is
 * opened in trial, because a provider that is compiled in may still lack its
 * device or its libraries.
 */
#ifndef CLV_ROSTER_H
#define CLV_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"

#define CLV_ROSTER_OFFERS 32
#define CLV_ROSTER_PROVIDERS 16
#define CLV_ROSTER_DEVICES 8

/* An engine by its name, and how the trial went. */
struct clv_offered_engine {
    char name[64];  /* "cpu:threads=2,spin=on" */
    char full[128]; /* as clv_engine_name gives it; "" if it did not open */
    char identity[256];
    int is_open;
    char why[512]; /* it did not open */
};

/* A provider compiled into ONNX Runtime; `engine` is "" if cleave has none
   that uses it. */
struct clv_offered_provider {
    char name[48];
    char engine[16];
};

struct clv_roster {
    char runtime[64]; /* "onnxruntime 1.22.0" */
    struct clv_offered_provider providers[CLV_ROSTER_PROVIDERS];
    size_t provider_count;
    struct clv_offered_engine offers[CLV_ROSTER_OFFERS];
    size_t offer_count;
    /* Accelerators that the system shows, whether or not an engine can use
       them: paths of device files. */
    char devices[CLV_ROSTER_DEVICES][32];
    size_t device_count;
};

/*
 * Lists and tries. `cores` is how many threads to go up to; 0: all that this
 * process may use. An engine that does not open is no error: the roster says
 * why. About a tenth of a second. Thread-safe.
 */
cleave_status clv_roster_take(uint32_t cores, struct clv_roster *ret_roster,
                              cleave_error *err);

#endif
