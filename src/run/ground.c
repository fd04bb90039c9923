/*
 * ground.c - one model on one engine, before anybody says where to cut it.
 *
 * Several designs of a model stand on one ground: its network shares their
 * weights, its card tells how inputs are made and answers are read.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/file.h"
#include "run/rig.h"

static cleave_status open_card(struct clv_ground *g, const char *named,
                               cleave_error *err)
{
    char path[CLV_PATH_MAX];
    size_t inputs;
    size_t outputs;
    const cleave_tensor_info *in = clv_network_inputs(g->network, &inputs);
    const cleave_tensor_info *out = clv_network_outputs(g->network, &outputs);
    cleave_status status;

    if (named != NULL) {
        status = clv_path_print(path, sizeof path, err, "%s", named);
    } else {
        status = clv_card_default_path(g->model, path, err);
        if (status == CLEAVE_OK && access(path, F_OK) != 0) {
            return CLEAVE_OK; /* a model without a card takes arrays */
        }
    }
    if (status == CLEAVE_OK) {
        status = clv_card_read(path, &g->card, err);
    }
    return status == CLEAVE_OK
               ? clv_card_check(g->card, in, inputs, out, outputs, err)
               : status;
}

static char *stem_of(const char *path)
{
    char *stem = strdup(clv_path_name(path));

    if (stem != NULL && clv_path_ends(stem, ".onnx")) {
        stem[strlen(stem) - strlen(".onnx")] = '\0';
    }
    return stem;
}

cleave_status clv_ground_init(struct clv_ground *ground,
                              const struct clv_ground_options *o,
                              cleave_error *err)
{
    cleave_status status;

    *ground = (struct clv_ground){.clock = clv_clock_machine(),
                                  .engine = o->engine,
                                  .gate = o->gate,
                                  .pack_slowdown = o->pack_slowdown};
    if (o->pack_slowdown <= 0) {
        ground->pack_slowdown = clv_engine_slowdown(o->engine);
    }
    ground->model = strdup(o->model);
    ground->model_name =
        o->model_name != NULL ? strdup(o->model_name) : stem_of(o->model);
    if (ground->model == NULL || ground->model_name == NULL) {
        return clv_fail_memory(err, "model", strlen(o->model));
    }
    status =
        clv_network_open(o->model, o->engine, o->store, &ground->network, err);
    return status == CLEAVE_OK ? open_card(ground, o->card, err) : status;
}

void clv_ground_fini(struct clv_ground *ground)
{
    clv_card_free(ground->card);
    clv_network_close(ground->network);
    free(ground->model);
    free(ground->model_name);
    *ground = (struct clv_ground){0};
}

unsigned clv_ground_width(const struct clv_engine *engine)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long threads = (long)clv_engine_threads(engine);

    return cores > threads ? (unsigned)(cores / threads) : 1;
}
