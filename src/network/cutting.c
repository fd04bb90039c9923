/*
 * cutting.c - writing one half of a network as an ONNX file.
 *
 * A half's ends need types and shapes, which come from what was learnt of
 * the model (shapes.c). The head's outputs are what travels, and then those
 * outputs of the model that it has made on the way; the tail's inputs are
 * what travels.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "model/extract.h"
#include "network/state.h"

/* The same cut in another graph of the same names; 0 if one is missing. */
static int translate(const struct clv_model *from,
                     const struct clv_cut_set *cut, const struct clv_model *to,
                     struct clv_cut_set *ret_cut)
{
    for (uint32_t i = 0; i < cut->count; i++) {
        const char *name = clv_model_tensor_name(from, cut->tensor[i]);
        uint32_t id = clv_model_find_tensor(to, name);
        if (id == CLV_NONE || clv_model_is_constant(to, id)) {
            return 0;
        }
        ret_cut->tensor[i] = id;
    }
    ret_cut->count = cut->count;
    return 1;
}

/* Splits the optimised graph if it can be split here, else the original. */
static cleave_status split(struct clv_network *n, enum clv_cut_graph graph,
                           const struct clv_cut_set *cut,
                           const struct clv_model **ret_model,
                           struct clv_cut_set *ret_cut,
                           struct clv_sides *ret_sides, cleave_error *err)
{
    if (graph == CLV_CUT_HERE &&
        translate(n->model, cut, n->optimised, ret_cut) &&
        clv_sides_init(ret_sides, n->optimised, ret_cut, NULL) == CLEAVE_OK) {
        *ret_model = n->optimised;
        return CLEAVE_OK;
    }
    *ret_model = n->model;
    *ret_cut = *cut;
    return clv_sides_init(ret_sides, n->model, cut, err);
}

static cleave_tensor_info form_of(const struct clv_network *n, const char *name)
{
    uint32_t id = clv_model_find_tensor(n->model, name);

    return id == CLV_NONE ? (cleave_tensor_info){.name = name}
                          : n->shapes->form[id];
}

/*
 * Where a tail begins inside a residual block, its input is also a summand.
 * ONNX Runtime adds and convolves in channel blocks only what it has itself
 * put into blocks, which an input is not; and the sum, left in plain layout,
 * is the summand of the next block, and so on to the end. A pool of one by
 * one is put into blocks. It costs a copy, and saves up to a fifth.
 */
static int is_summand(const struct clv_model *model, const uint8_t *nodes,
                      uint32_t tensor)
{
    for (uint32_t i = 0; i < clv_model_node_count(model); i++) {
        struct clv_ids in = clv_model_node_inputs(model, i);
        const char *op = clv_model_node_op(model, i);
        for (uint32_t j = 0; nodes[i] && j < in.count; j++) {
            if (in.id[j] == tensor &&
                (strcmp(op, "Add") == 0 || strcmp(op, "Sum") == 0)) {
                return 1;
            }
        }
    }
    return 0;
}

static int wants_pool(const struct clv_network *n,
                      const struct clv_model *model, const uint8_t *nodes,
                      uint32_t tensor)
{
    uint32_t block = clv_engine_channel_block(n->engine);
    cleave_tensor_info form = form_of(n, clv_model_tensor_name(model, tensor));

    return block > 0 && form.type == CLEAVE_TYPE_F32 && form.rank == 4 &&
           form.shape[1] > 0 && form.shape[1] % block == 0 &&
           is_summand(model, nodes, tensor);
}

/* The ends of a half, with forms from what was learnt of the model. */
struct ends {
    cleave_tensor_info *inputs;
    size_t input_count;
    cleave_tensor_info *outputs;
    size_t output_count;
};

static int reads(const struct clv_model *model, const uint8_t *nodes,
                 uint32_t tensor)
{
    for (uint32_t i = 0; i < clv_model_node_count(model); i++) {
        struct clv_ids in = clv_model_node_inputs(model, i);
        for (uint32_t j = 0; nodes[i] && j < in.count; j++) {
            if (in.id[j] == tensor) {
                return 1;
            }
        }
    }
    return 0;
}

static void head_ends(struct clv_network *n, const struct clv_model *model,
                      const struct clv_cut_set *cut,
                      const struct clv_sides *sides, struct ends *e)
{
    uint32_t count;
    const cleave_tensor_info *inputs = clv_model_inputs(model, &count);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = clv_model_find_tensor(model, inputs[i].name);
        if (reads(model, sides->in_head, id)) {
            e->inputs[e->input_count++] = inputs[i];
        }
    }
    for (uint32_t i = 0; i < cut->count; i++) {
        if (!clv_model_is_input(model, cut->tensor[i])) {
            e->outputs[e->output_count++] =
                form_of(n, clv_model_tensor_name(model, cut->tensor[i]));
        }
    }
    for (uint32_t i = 0; i < sides->head_output_count; i++) {
        uint32_t id = sides->head_outputs[i];
        int sent = clv_model_is_input(model, id);
        for (uint32_t j = 0; j < cut->count; j++) {
            sent |= cut->tensor[j] == id;
        }
        if (!sent) {
            e->outputs[e->output_count++] =
                form_of(n, clv_model_tensor_name(model, id));
        }
    }
}

static void tail_ends(struct clv_network *n, const struct clv_model *model,
                      const struct clv_cut_set *cut,
                      const struct clv_sides *sides, struct ends *e)
{
    for (uint32_t i = 0; i < cut->count; i++) {
        e->inputs[e->input_count++] =
            form_of(n, clv_model_tensor_name(model, cut->tensor[i]));
    }
    for (uint32_t i = 0; i < sides->tail_output_count; i++) {
        e->outputs[e->output_count++] =
            form_of(n, clv_model_tensor_name(model, sides->tail_outputs[i]));
    }
}

cleave_status clv_cutting_write(struct clv_network *n, enum clv_part_kind kind,
                                const struct clv_cut_set *cut,
                                enum clv_cut_graph graph, const char *path,
                                cleave_error *err)
{
    const struct clv_model *model;
    struct clv_cut_set here = {{0}, 0};
    struct clv_sides sides;
    struct ends ends = {0};
    uint8_t *pooled = NULL;
    uint32_t inputs;
    uint32_t outputs;
    cleave_status status = split(n, graph, cut, &model, &here, &sides, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_model_inputs(model, &inputs);
    clv_model_outputs(model, &outputs);
    ends.inputs = calloc((size_t)inputs + here.count, sizeof *ends.inputs);
    ends.outputs = calloc((size_t)outputs + here.count, sizeof *ends.outputs);
    pooled = calloc((size_t)clv_model_tensor_count(model) + 1, 1);
    if (ends.inputs == NULL || ends.outputs == NULL || pooled == NULL) {
        status = clv_fail_memory(err, path, inputs + outputs);
        goto out;
    }
    for (uint32_t i = 0;
         kind == CLV_PART_TAIL && graph == CLV_CUT_HERE && i < here.count;
         i++) {
        pooled[here.tensor[i]] =
            (uint8_t)wants_pool(n, model, sides.in_tail, here.tensor[i]);
    }
    (kind == CLV_PART_HEAD ? head_ends : tail_ends)(n, model, &here, &sides,
                                                    &ends);
    if (ends.output_count == 0) {
        status = clv_fail(err, CLEAVE_NOT_FOUND,
                          clv_model_tensor_name(model, here.tensor[0]),
                          "Nothing is left before this cut; to compute all on "
                          "the server use the cut 'input'.");
        goto out;
    }
    status = clv_model_write(
        model,
        &(struct clv_extract){
            .nodes = kind == CLV_PART_HEAD ? sides.in_head : sides.in_tail,
            .inputs = ends.inputs,
            .input_count = ends.input_count,
            .outputs = ends.outputs,
            .output_count = ends.output_count,
            .pooled = pooled,
        },
        path, err);
out:
    free(ends.inputs);
    free(ends.outputs);
    free(pooled);
    clv_sides_fini(&sides);
    return status;
}

cleave_status clv_network_split(struct clv_network *n, const char *name,
                                const char *head, const char *tail,
                                cleave_error *err)
{
    struct clv_cut_set cut;
    cleave_status status = clv_cutname_parse(n->model, name, &cut, err);

    if (status == CLEAVE_OK) {
        pthread_mutex_lock(&n->learn_lock);
        status = clv_shapes_learn_locked(n, err);
        pthread_mutex_unlock(&n->learn_lock);
    }
    if (status == CLEAVE_OK) {
        status = clv_cutting_write(n, CLV_PART_HEAD, &cut, CLV_CUT_ORIGINAL,
                                   head, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_cutting_write(n, CLV_PART_TAIL, &cut, CLV_CUT_ORIGINAL,
                                   tail, err);
    }
    return status;
}
