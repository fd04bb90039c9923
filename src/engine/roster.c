/*
 * roster.c - the engines that this machine has.
 *
 * Names are made first and tried afterwards. Thread counts double, and the
 * last is all cores, so that a machine of 64 cores has seven and not 64. What
 * is left out: options that make an engine worse on purpose (slow=), and the
 * engine `fake`.
 */
#include "engine/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/fail.h"
#include "engine/backend.h"

/* Which engine uses which provider. */
static const struct {
    const char *provider;
    const char *engine;
} users[] = {
    {"CPUExecutionProvider", "cpu"},
    {"WebGpuExecutionProvider", "webgpu"},
    {"CUDAExecutionProvider", "cuda"},
};

static const char *const device_paths[] = {
    "/dev/nvidia0",      "/dev/kfd",    "/dev/dri/renderD128", "/dev/dxg",
    "/dev/accel/accel0", "/dev/apex_0", "/dev/mali0",
};

static cleave_status look_at_providers(struct clv_roster *r, cleave_error *err)
{
    char names[CLV_ROSTER_PROVIDERS][CLV_PROVIDER_TEXT];
    const char *version = "";
    size_t count = 0;
    cleave_status status = clv_onnxruntime_look(names, CLV_ROSTER_PROVIDERS,
                                                &count, &version, err);

    snprintf(r->runtime, sizeof r->runtime, "onnxruntime %.40s", version);
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        struct clv_offered_provider *p = &r->providers[r->provider_count++];
        memcpy(p->name, names[i], sizeof p->name);
        for (size_t k = 0; k < sizeof users / sizeof users[0]; k++) {
            if (strcmp(names[i], users[k].provider) == 0) {
                snprintf(p->engine, sizeof p->engine, "%s", users[k].engine);
            }
        }
    }
    return status;
}

static void look_at_devices(struct clv_roster *r)
{
    for (size_t i = 0; i < sizeof device_paths / sizeof device_paths[0] &&
                       r->device_count < CLV_ROSTER_DEVICES;
         i++) {
        if (access(device_paths[i], F_OK) == 0) {
            snprintf(r->devices[r->device_count++], sizeof r->devices[0], "%s",
                     device_paths[i]);
        }
    }
}

static struct clv_offered_engine *offer(struct clv_roster *r)
{
    return r->offer_count < CLV_ROSTER_OFFERS ? &r->offers[r->offer_count++]
                                              : NULL;
}

static void offer_threads(struct clv_roster *r, uint32_t threads, int spins)
{
    struct clv_offered_engine *e = offer(r);

    if (e != NULL) {
        snprintf(e->name, sizeof e->name, "cpu:threads=%u%s", threads,
                 spins ? ",spin=on" : "");
    }
}

/* 1, 2, 4 .. and all; a lone thread has nobody to spin for. */
static void offer_processor(struct clv_roster *r, uint32_t cores)
{
    for (uint32_t n = 1; n < cores; n *= 2) {
        offer_threads(r, n, 0);
    }
    offer_threads(r, cores, 0);
    for (uint32_t n = 2; n < cores; n *= 2) {
        offer_threads(r, n, 1);
    }
    if (cores > 1) {
        offer_threads(r, cores, 1);
    }
}

static void offer_others(struct clv_roster *r)
{
    for (size_t i = 0; i < r->provider_count; i++) {
        const char *name = r->providers[i].engine;
        struct clv_offered_engine *e =
            name[0] != '\0' && strcmp(name, "cpu") != 0 ? offer(r) : NULL;
        if (e != NULL) {
            snprintf(e->name, sizeof e->name, "%s", name);
        }
    }
}

/* In a list of what there is, the reason alone is enough. */
static const char *reason_of(const cleave_error *err)
{
    const char *words = strstr(err->text, "ONNX Runtime: ");

    return words != NULL ? words : err->text;
}

static void try_offer(struct clv_offered_engine *e)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_engine *engine;

    if (clv_engine_open(e->name, &engine, &err) != CLEAVE_OK) {
        snprintf(e->why, sizeof e->why, "%s", reason_of(&err));
        return;
    }
    e->is_open = 1;
    snprintf(e->full, sizeof e->full, "%s", clv_engine_name(engine));
    snprintf(e->identity, sizeof e->identity, "%s",
             clv_engine_identity(engine));
    clv_engine_close(engine);
}

cleave_status clv_roster_take(uint32_t cores, struct clv_roster *ret_roster,
                              cleave_error *err)
{
    struct clv_roster *r = calloc(1, sizeof *r);
    struct clv_engine *first = NULL;
    cleave_status status;

    if (r == NULL) {
        return clv_fail_memory(err, "engines", sizeof *r);
    }
    if (cores == 0) {
        cores = clv_cores_count();
    }
    if (cores > CLV_ENGINE_MAX_THREADS) {
        cores = CLV_ENGINE_MAX_THREADS;
    }
    status = look_at_providers(r, err);
    if (status != CLEAVE_OK) {
        goto out;
    }
    look_at_devices(r);
    offer_processor(r, cores);
    offer_others(r);
    /* While one engine is open, the others share what it has set up. */
    if (clv_engine_open("cpu:threads=1", &first, NULL) != CLEAVE_OK) {
        first = NULL;
    }
    for (size_t i = 0; i < r->offer_count; i++) {
        try_offer(&r->offers[i]);
    }
    clv_engine_close(first);
    *ret_roster = *r;
out:
    free(r);
    return status;
}
