/*
 * shapes.c - the form of every tensor in the middle of the network.
 *
 * ONNX files seldom say what lies between their ends, and we do no shape
 * inference of our own: the engine does it. A probe, the same graph with
 * every tensor as an output, is loaded unoptimised and asked for its
 * outputs' types. If some dimensions are free it is run once on zeros, with
 * free dimensions as 1. Its weights are lent from the map, so even a large
 * network's probe is small.
 *
 * The answer is kept in the store as text, one tensor a line by its number:
 *
 *     type rank  form ...  concrete ...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/writer.h"
#include "model/extract.h"
#include "network/state.h"

#define ENTRY "shapes"
#define MAX_ENTRY_BYTES ((size_t)256 << 20)

/* Weights from this size on are lent, not written into the probe. */
#define LENT_BYTES 1024

/* The file that lent weights pretend to be in. */
#define LENT_LOCATION "lent"

/* -- Keeping -- */

static void print_infos(struct clv_buffer *out, const struct clv_shapes *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const cleave_tensor_info *f = &s->form[i];
        clv_buffer_printf(out, "%d %u", (int)f->type, f->rank);
        for (uint32_t d = 0; d < f->rank; d++) {
            clv_buffer_printf(out, " %lld", (long long)f->shape[d]);
        }
        for (uint32_t d = 0; d < f->rank; d++) {
            clv_buffer_printf(out, " %lld", (long long)s->concrete[i].shape[d]);
        }
        clv_buffer_printf(out, "\n");
    }
}

static int scan_number(const char **at, long long *ret)
{
    char *end;

    *ret = strtoll(*at, &end, 10);
    if (end == *at) {
        return 0;
    }
    *at = end;
    return 1;
}

static int scan_info(const char **at, cleave_tensor_info *form,
                     cleave_tensor_info *concrete)
{
    long long type;
    long long rank;
    long long dim;

    if (!scan_number(at, &type) || !scan_number(at, &rank) || rank < 0 ||
        rank > CLEAVE_MAX_RANK) {
        return 0;
    }
    form->type = concrete->type = (cleave_type)type;
    form->rank = concrete->rank = (uint32_t)rank;
    for (long long d = 0; d < 2 * rank; d++) {
        if (!scan_number(at, &dim)) {
            return 0;
        }
        (d < rank ? form : concrete)->shape[d % rank] = dim;
    }
    return 1;
}

static int recall(struct clv_network *n, struct clv_shapes *s, const char *key)
{
    char path[CLV_PATH_MAX];
    struct clv_buffer text;
    const char *at;
    int good = 0;

    clv_buffer_init(&text, MAX_ENTRY_BYTES);
    if (clv_store_entry_path(n->store, key, ENTRY, path, NULL) != CLEAVE_OK ||
        clv_file_read(path, MAX_ENTRY_BYTES - 1, &text, NULL) != CLEAVE_OK ||
        clv_buffer_append(&text, "", 1) != CLEAVE_OK) {
        goto out;
    }
    at = (const char *)text.data;
    good = 1;
    for (uint32_t i = 0; good && i < s->count; i++) {
        good = scan_info(&at, &s->form[i], &s->concrete[i]);
    }
    /* A number cut short is still a number: the last line must end. */
    good = good && strcmp(at, "\n") == 0;
out:
    clv_buffer_fini(&text);
    return good;
}

static void keep(struct clv_network *n, const struct clv_shapes *s,
                 const char *key)
{
    struct clv_buffer text;

    clv_buffer_init(&text, MAX_ENTRY_BYTES);
    print_infos(&text, s);
    if (clv_buffer_status(&text) == CLEAVE_OK) { /* else learnt again */
        clv_store_put(n->store, key, ENTRY, clv_buffer_bytes(&text), NULL);
    }
    clv_buffer_fini(&text);
}

/* -- Probing -- */

struct probe {
    struct clv_network *n;
    struct clv_shapes *shapes;
    char folder[CLV_PATH_MAX];
    char path[CLV_PATH_MAX];
    cleave_tensor_info *outputs; /* every tensor that a node makes */
    size_t output_count;
    cleave_tensor *lent;
    size_t lent_count;
    struct clv_session *session;
    struct clv_outputs *run;
};

static cleave_status lend(void *self, const cleave_tensor *weight,
                          int *ret_moved, struct clv_weight_place *ret_place,
                          cleave_error *err)
{
    struct probe *p = self;

    (void)err;
    *ret_moved =
        weight->bytes >= LENT_BYTES && weight->info.type != CLEAVE_TYPE_NONE;
    if (*ret_moved) {
        strcpy(ret_place->location, LENT_LOCATION);
        ret_place->offset = 0;
        p->lent[p->lent_count++] = *weight;
    }
    return CLEAVE_OK;
}

static cleave_status list_outputs(struct probe *p, cleave_error *err)
{
    const struct clv_model *model = p->n->model;
    uint32_t count = clv_model_tensor_count(model);

    p->outputs = calloc((size_t)count + 1, sizeof *p->outputs);
    p->lent =
        calloc((size_t)clv_model_weight_count(model) + 1, sizeof *p->lent);
    if (p->outputs == NULL || p->lent == NULL) {
        return clv_fail_memory(err, p->n->path, count * sizeof *p->outputs);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (clv_model_producer(model, i) != CLV_NONE) {
            p->outputs[p->output_count++].name =
                clv_model_tensor_name(model, i);
        }
    }
    return CLEAVE_OK;
}

/* The lent weights' bytes never come from this file, but it must exist. */
static cleave_status write_lent_file(struct probe *p, cleave_error *err)
{
    char path[CLV_PATH_MAX];
    cleave_status status = clv_path_print(path, sizeof path, err, "%s/%s",
                                          p->folder, LENT_LOCATION);

    return status == CLEAVE_OK ? clv_file_write(path, (clv_bytes){NULL, 0}, err)
                               : status;
}

static cleave_status write_probe(struct probe *p, cleave_error *err)
{
    struct clv_weight_placer placer = {lend, p};
    uint32_t input_count;
    struct clv_extract what = {
        .inputs = clv_model_inputs(p->n->model, &input_count),
        .outputs = p->outputs,
        .output_count = p->output_count,
        .placer = &placer,
    };
    cleave_status status = clv_path_print(p->path, sizeof p->path, err,
                                          "%s/probe.onnx", p->folder);

    what.input_count = input_count;
    if (status == CLEAVE_OK) {
        status = write_lent_file(p, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_model_write(p->n->model, &what, p->path, err);
    }
    return status;
}

static cleave_status load_probe(struct probe *p, cleave_error *err)
{
    uint32_t input_count;
    struct clv_session_source source = {
        .path = p->path,
        .optimise = CLV_OPTIMISE_NONE,
        .weights = p->lent,
        .weight_count = p->lent_count,
        .inputs = clv_model_inputs(p->n->model, &input_count),
        .outputs = p->outputs,
        .output_count = p->output_count,
    };

    source.input_count = input_count;
    /* An engine that cannot tell goes by what the file declares. */
    for (size_t i = 0; i < p->output_count; i++) {
        p->outputs[i] = clv_model_declared(
            p->n->model,
            clv_model_find_tensor(p->n->model, p->outputs[i].name));
    }
    return clv_session_new(p->n->engine, &source, &p->session, err);
}

static int has_free_dimension(const cleave_tensor_info *info)
{
    for (uint32_t d = 0; d < info->rank; d++) {
        if (info->shape[d] < 0) {
            return 1;
        }
    }
    return 0;
}

static void close_dimensions(cleave_tensor_info *info)
{
    for (uint32_t d = 0; d < info->rank; d++) {
        if (info->shape[d] < 0) {
            info->shape[d] = 1;
        }
    }
}

/* Puts down a form under the tensor of the same name. */
static void note(struct probe *p, cleave_tensor_info *into,
                 const cleave_tensor_info *info)
{
    uint32_t id = clv_model_find_tensor(p->n->model, info->name);

    if (id != CLV_NONE) {
        const char *name = into[id].name;
        into[id] = *info;
        into[id].name = name;
    }
}

/*
 * ONNX Runtime says "no dimensions" of scalars, and also of what it knows
 * nothing about (what comes out of a Loop, say). A run tells them apart.
 */
static int may_be_anything(const cleave_tensor_info *info)
{
    return info->rank == 0;
}

/* Forms as the session tells them; returns whether a run can tell more. */
static int note_forms(struct probe *p)
{
    size_t count;
    const cleave_tensor_info *outputs = clv_session_outputs(p->session, &count);
    int open = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t id = clv_model_find_tensor(p->n->model, outputs[i].name);
        if (id == CLV_NONE || !may_be_anything(&outputs[i]) ||
            p->shapes->form[id].type != outputs[i].type) {
            note(p, p->shapes->form, &outputs[i]);
        } /* else the file itself has told its form */
        open |= has_free_dimension(&outputs[i]) || may_be_anything(&outputs[i]);
    }
    for (uint32_t i = 0; i < p->shapes->count; i++) {
        p->shapes->concrete[i] = p->shapes->form[i];
        close_dimensions(&p->shapes->concrete[i]);
    }
    return open;
}

/* One run on zeros shows the shapes that the graph alone does not. */
static cleave_status run_on_zeros(struct probe *p, cleave_error *err)
{
    size_t count;
    const cleave_tensor_info *infos = clv_session_inputs(p->session, &count);
    cleave_tensor *inputs = calloc(count + 1, sizeof *inputs);
    uint64_t elements = 0;
    uint64_t bytes = 0;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; inputs != NULL && i < count; i++) {
        inputs[i].info = infos[i];
        close_dimensions(&inputs[i].info);
        status = cleave_tensor_count(&inputs[i].info, &elements, &bytes);
        inputs[i].bytes = (size_t)bytes;
        inputs[i].data =
            status == CLEAVE_OK ? calloc(1, (size_t)bytes + 1) : NULL;
        if (inputs[i].data == NULL) {
            status = clv_fail(err, CLEAVE_MEMORY, p->n->path,
                              "No memory to try the network out.");
            goto out;
        }
    }
    if (inputs == NULL) {
        status = clv_fail_memory(err, p->n->path, count * sizeof *inputs);
        goto out;
    }
    status = clv_outputs_new(p->session, &p->run, err);
    if (status == CLEAVE_OK) {
        status = clv_session_run(p->session, inputs, count, p->run, err);
    }
out:
    for (size_t i = 0; inputs != NULL && i < count; i++) {
        free(inputs[i].data);
    }
    free(inputs);
    return status;
}

static void note_run(struct probe *p)
{
    size_t count;
    const cleave_tensor *tensors = clv_outputs_tensors(p->run, &count);

    for (size_t i = 0; i < count; i++) {
        note(p, p->shapes->concrete, &tensors[i].info);
    }
    for (uint32_t i = 0; i < p->shapes->count; i++) {
        cleave_tensor_info *form = &p->shapes->form[i];
        if (may_be_anything(form)) {
            form->rank = p->shapes->concrete[i].rank;
            memset(form->shape, 0xff, sizeof form->shape); /* all are -1 */
        }
    }
}

/* What may be anything is nothing to build a half on. */
static void forget_doubtful(struct probe *p)
{
    size_t count;
    const cleave_tensor_info *outputs = clv_session_outputs(p->session, &count);

    for (size_t i = 0; i < count; i++) {
        uint32_t id = clv_model_find_tensor(p->n->model, outputs[i].name);
        if (id != CLV_NONE && may_be_anything(&p->shapes->form[id])) {
            p->shapes->form[id].type = CLEAVE_TYPE_NONE;
            p->shapes->concrete[id].type = CLEAVE_TYPE_NONE;
        }
    }
}

static cleave_status probe(struct clv_network *n, struct clv_shapes *s,
                           cleave_error *err)
{
    struct probe *p = calloc(1, sizeof *p);
    cleave_status status;

    if (p == NULL) {
        return clv_fail_memory(err, n->path, sizeof *p);
    }
    p->n = n;
    p->shapes = s;
    status = clv_store_work_begin(n->store, p->folder, err);
    if (status == CLEAVE_OK) {
        status = list_outputs(p, err);
    }
    if (status == CLEAVE_OK) {
        status = write_probe(p, err);
    }
    if (status == CLEAVE_OK) {
        status = load_probe(p, err);
    }
    /* Where zeros are no fitting input, free dimensions stay taken as 1. */
    if (status == CLEAVE_OK && note_forms(p)) {
        if (run_on_zeros(p, NULL) == CLEAVE_OK) {
            note_run(p);
        } else {
            forget_doubtful(p);
        }
    }
    clv_outputs_free(p->run);
    clv_session_free(p->session);
    if (p->folder[0] != '\0') {
        clv_store_work_end(n->store, p->folder);
    }
    free(p->outputs);
    free(p->lent);
    free(p);
    return status;
}

/* -- All together -- */

static struct clv_shapes *new_shapes(struct clv_network *n)
{
    uint32_t count = clv_model_tensor_count(n->model);
    struct clv_shapes *s = clv_arena_calloc(&n->arena, 1, sizeof *s);

    if (s == NULL) {
        return NULL;
    }
    s->count = count;
    s->form = clv_arena_calloc(&n->arena, (size_t)count + 1, sizeof *s->form);
    s->concrete =
        clv_arena_calloc(&n->arena, (size_t)count + 1, sizeof *s->concrete);
    if (s->form == NULL || s->concrete == NULL) {
        return NULL;
    }
    return s;
}

/* What is known before anything is learnt. */
static void declare_all(struct clv_network *n, struct clv_shapes *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        s->form[i] = clv_model_declared(n->model, i);
        s->form[i].name = clv_model_tensor_name(n->model, i);
        s->concrete[i] = s->form[i];
        close_dimensions(&s->concrete[i]);
    }
}

cleave_status clv_shapes_learn_locked(struct clv_network *n, cleave_error *err)
{
    char key[CLV_SHA256_HEX];
    struct clv_shapes *s;
    cleave_status status = CLEAVE_OK;

    if (n->shapes != NULL) {
        return CLEAVE_OK;
    }
    s = new_shapes(n);
    if (s == NULL) {
        return clv_fail_memory(err, n->path, sizeof *s);
    }
    clv_halves_key(n, ENTRY, "", key);
    declare_all(n, s);
    if (!recall(n, s, key)) {
        declare_all(n, s);
        status = probe(n, s, err);
        if (status == CLEAVE_OK) {
            keep(n, s, key);
        }
    }
    if (status == CLEAVE_OK) {
        n->shapes = s;
    }
    return status;
}
