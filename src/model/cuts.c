/*
 * cuts.c - where a graph can be cut, and what falls on either side.
 *
 * Finding: one walk over the nodes that matter (those some output needs,
 * constants aside) keeps the list of live tensors; whenever it holds no more
 * than four, it is a cut.
 *
 * Splitting: "tainted" is every tensor that depends on the model's inputs by
 * a way around the cut. A tainted output is the head's to make, any other
 * is the tail's; if nothing is left for the tail, the set does not separate.
 */
#include "model/cuts.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

static cleave_status no_memory(cleave_error *err)
{
    return clv_fail(err, CLEAVE_MEMORY, NULL, "No memory to look for cuts.");
}

/* Marks the nodes that `tensor` needs, not going beyond stopped tensors.
   `mark` must be complete for nodes after: callers go backwards. */
static void mark_producer(const struct clv_model *model, uint32_t tensor,
                          const uint8_t *stop, uint8_t *mark)
{
    uint32_t producer = clv_model_producer(model, tensor);

    if (producer != CLV_NONE && (stop == NULL || !stop[tensor])) {
        mark[producer] = 1;
    }
}

/* Extends marked nodes to all they need: one pass from the last node. */
static void mark_needed(const struct clv_model *model, const uint8_t *stop,
                        uint8_t *mark)
{
    for (uint32_t i = clv_model_node_count(model); i > 0; i--) {
        struct clv_ids in = clv_model_node_inputs(model, i - 1);
        for (uint32_t j = 0; mark[i - 1] && j < in.count; j++) {
            mark_producer(model, in.id[j], stop, mark);
        }
    }
}

static void mark_outputs(const struct clv_model *model, const uint8_t *stop,
                         uint8_t *mark)
{
    uint32_t n;
    const cleave_tensor_info *outputs = clv_model_outputs(model, &n);

    for (uint32_t i = 0; i < n; i++) {
        mark_producer(model, clv_model_find_tensor(model, outputs[i].name),
                      stop, mark);
    }
}

void clv_cuts_mark_needed(const struct clv_model *model,
                          const uint32_t *tensors, uint32_t count,
                          uint8_t *nodes)
{
    for (uint32_t i = 0; i < count; i++) {
        mark_producer(model, tensors[i], NULL, nodes);
    }
    mark_needed(model, NULL, nodes);
}

/*
 * True for a node that makes chance: it is no constant, though all it reads
 * is. What it makes must cross a cut like an input, or else both sides would
 * roll the dice.
 */
static int makes_chance(const struct clv_model *model, uint32_t node)
{
    struct clv_ids in = clv_model_node_inputs(model, node);
    struct clv_ids out = clv_model_node_outputs(model, node);
    int chance = out.count > 0 && !clv_model_is_constant(model, out.id[0]);

    for (uint32_t i = 0; chance && i < in.count; i++) {
        chance = clv_model_is_constant(model, in.id[i]);
    }
    return chance;
}

/* -- Finding -- */

struct search {
    const struct clv_model *model;
    uint8_t *needed;  /* per node */
    uint32_t *uses;   /* per tensor: needed nodes that still read it */
    uint32_t *listed; /* tensors made, the dead not yet all removed */
    uint32_t listed_count;
    uint32_t live_count; /* of the listed, those still used */
    uint32_t dice_count; /* nodes to come that make chance */
    struct clv_cut_set *sets;
    size_t set_count;
};

/* How often needed nodes read each tensor, constants aside. */
static void count_uses(struct search *s)
{
    for (uint32_t i = 0; i < clv_model_node_count(s->model); i++) {
        struct clv_ids in = clv_model_node_inputs(s->model, i);
        for (uint32_t j = 0; s->needed[i] && j < in.count; j++) {
            if (!clv_model_is_constant(s->model, in.id[j])) {
                s->uses[in.id[j]]++;
            }
        }
    }
}

static void add_live(struct search *s, uint32_t tensor)
{
    if (s->uses[tensor] > 0) {
        s->listed[s->listed_count++] = tensor;
        s->live_count++;
    }
}

static void drop_dead(struct search *s)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < s->listed_count; i++) {
        if (s->uses[s->listed[i]] > 0) {
            s->listed[kept++] = s->listed[i];
        }
    }
    s->listed_count = kept;
}

/* The list is swept only where few are left, so each tensor costs once. */
static void keep_if_cut(struct search *s)
{
    struct clv_cut_set *set = &s->sets[s->set_count];
    int made = 0;

    if (s->live_count == 0 || s->live_count > CLV_CUT_MAX_TENSORS ||
        s->dice_count > 0) {
        return;
    }
    drop_dead(s);
    for (uint32_t i = 0; i < s->live_count; i++) {
        set->tensor[i] = s->listed[i];
        made |= !clv_model_is_input(s->model, s->listed[i]);
    }
    set->count = s->live_count;
    s->set_count += made ? 1 : 0;
}

static void step_over(struct search *s, uint32_t node)
{
    struct clv_ids in = clv_model_node_inputs(s->model, node);
    struct clv_ids out = clv_model_node_outputs(s->model, node);

    s->dice_count -= makes_chance(s->model, node) ? 1 : 0;
    for (uint32_t i = 0; i < in.count; i++) {
        if (!clv_model_is_constant(s->model, in.id[i]) &&
            --s->uses[in.id[i]] == 0) {
            s->live_count--;
        }
    }
    for (uint32_t i = 0; i < out.count; i++) {
        if (!clv_model_is_constant(s->model, out.id[i])) {
            add_live(s, out.id[i]);
        }
    }
    keep_if_cut(s);
}

static void walk_nodes(struct search *s)
{
    uint32_t n;
    const cleave_tensor_info *inputs = clv_model_inputs(s->model, &n);

    for (uint32_t i = 0; i < n; i++) {
        add_live(s, clv_model_find_tensor(s->model, inputs[i].name));
    }
    for (uint32_t i = 0; i < clv_model_node_count(s->model); i++) {
        s->dice_count += s->needed[i] && makes_chance(s->model, i) ? 1 : 0;
    }
    for (uint32_t i = 0; i < clv_model_node_count(s->model); i++) {
        struct clv_ids out = clv_model_node_outputs(s->model, i);
        int constant =
            out.count > 0 && clv_model_is_constant(s->model, out.id[0]);
        if (s->needed[i] && !constant) {
            step_over(s, i);
        }
    }
}

cleave_status clv_cuts_find(const struct clv_model *model,
                            struct clv_cut_set **ret_sets, size_t *ret_count,
                            cleave_error *err)
{
    size_t nodes = (size_t)clv_model_node_count(model) + 1;
    size_t tensors = (size_t)clv_model_tensor_count(model) + 1;
    struct search s = {
        .model = model,
        .needed = calloc(nodes, 1),
        .uses = calloc(tensors, sizeof *s.uses),
        .listed = calloc(tensors, sizeof *s.listed),
        .sets = calloc(nodes, sizeof *s.sets),
    };
    cleave_status status = CLEAVE_OK;

    if (!s.needed || !s.uses || !s.listed || !s.sets) {
        free(s.sets);
        status = no_memory(err);
        goto out;
    }
    mark_outputs(model, NULL, s.needed);
    mark_needed(model, NULL, s.needed);
    count_uses(&s);
    walk_nodes(&s);
    *ret_sets = s.sets;
    *ret_count = s.set_count;
out:
    free(s.needed);
    free(s.uses);
    free(s.listed);
    return status;
}

/* -- Splitting -- */

struct splitter {
    const struct clv_model *model;
    const struct clv_cut_set *cut;
    uint8_t *stop;    /* per tensor: in the cut */
    uint8_t *tainted; /* per tensor */
    uint8_t *read;    /* per tensor: the tail reads it */
};

static void spread_taint(struct splitter *s)
{
    for (uint32_t i = 0; i < clv_model_tensor_count(s->model); i++) {
        s->tainted[i] = clv_model_is_input(s->model, i) && !s->stop[i];
    }
    for (uint32_t i = 0; i < clv_model_node_count(s->model); i++) {
        struct clv_ids in = clv_model_node_inputs(s->model, i);
        struct clv_ids out = clv_model_node_outputs(s->model, i);
        uint8_t tainted = makes_chance(s->model, i) ? 1 : 0;
        for (uint32_t j = 0; j < in.count; j++) {
            tainted |= s->tainted[in.id[j]];
        }
        for (uint32_t j = 0; j < out.count; j++) {
            s->tainted[out.id[j]] = tainted && !s->stop[out.id[j]];
        }
    }
}

static void deal_outputs(struct splitter *s, struct clv_sides *sides)
{
    uint32_t n;
    const cleave_tensor_info *outputs = clv_model_outputs(s->model, &n);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = clv_model_find_tensor(s->model, outputs[i].name);
        if (s->tainted[id] || s->stop[id]) {
            sides->head_outputs[sides->head_output_count++] = id;
        } else {
            sides->tail_outputs[sides->tail_output_count++] = id;
        }
    }
}

static void fill_sides(struct splitter *s, struct clv_sides *sides)
{
    clv_cuts_mark_needed(s->model, s->cut->tensor, s->cut->count,
                         sides->in_head);
    clv_cuts_mark_needed(s->model, sides->head_outputs,
                         sides->head_output_count, sides->in_head);
    for (uint32_t i = 0; i < sides->tail_output_count; i++) {
        mark_producer(s->model, sides->tail_outputs[i], s->stop,
                      sides->in_tail);
    }
    mark_needed(s->model, s->stop, sides->in_tail);
    for (uint32_t i = 0; i < clv_model_node_count(s->model); i++) {
        struct clv_ids in = clv_model_node_inputs(s->model, i);
        for (uint32_t j = 0; sides->in_tail[i] && j < in.count; j++) {
            s->read[in.id[j]] = 1;
        }
    }
}

/* The model input by which a tainted tensor escapes the cut. */
static const char *way_around(struct splitter *s, uint32_t tensor)
{
    for (;;) {
        uint32_t producer = clv_model_producer(s->model, tensor);
        struct clv_ids in;
        uint32_t next = CLV_NONE;
        if (producer == CLV_NONE) {
            break;
        }
        in = clv_model_node_inputs(s->model, producer);
        for (uint32_t i = 0; i < in.count && next == CLV_NONE; i++) {
            next = s->tainted[in.id[i]] ? in.id[i] : CLV_NONE;
        }
        if (next == CLV_NONE) {
            break;
        }
        tensor = next;
    }
    return clv_model_tensor_name(s->model, tensor);
}

static cleave_status check_sides(struct splitter *s,
                                 const struct clv_sides *sides,
                                 cleave_error *err)
{
    const char *first = clv_model_tensor_name(s->model, s->cut->tensor[0]);

    if (sides->tail_output_count == 0) {
        uint32_t id = sides->head_outputs[0];
        if (s->stop[id]) {
            return clv_fail(err, CLEAVE_NOT_FOUND, first,
                            "Nothing is left behind this cut; to compute all "
                            "on the device use the cut 'output'.");
        }
        return clv_fail(err, CLEAVE_NOT_FOUND, first,
                        "This does not separate the network: the output "
                        "'%.120s' also depends on '%.120s' by a way around "
                        "it.",
                        clv_model_tensor_name(s->model, id), way_around(s, id));
    }
    for (uint32_t i = 0; i < s->cut->count; i++) {
        uint32_t id = s->cut->tensor[i];
        if (!s->read[id]) {
            return clv_fail(err, CLEAVE_NOT_FOUND,
                            clv_model_tensor_name(s->model, id),
                            "This tensor is not needed behind the others of "
                            "the cut; leave it out.");
        }
    }
    return CLEAVE_OK;
}

static int alloc_sides(struct clv_sides *sides, const struct clv_model *model)
{
    size_t nodes = (size_t)clv_model_node_count(model) + 1;
    uint32_t outputs;

    clv_model_outputs(model, &outputs);
    *sides = (struct clv_sides){
        .in_head = calloc(nodes, 1),
        .in_tail = calloc(nodes, 1),
        .head_outputs = calloc(outputs, sizeof *sides->head_outputs),
        .tail_outputs = calloc(outputs, sizeof *sides->tail_outputs),
    };
    return sides->in_head && sides->in_tail && sides->head_outputs &&
           sides->tail_outputs;
}

cleave_status clv_sides_init(struct clv_sides *sides,
                             const struct clv_model *model,
                             const struct clv_cut_set *cut, cleave_error *err)
{
    size_t tensors = (size_t)clv_model_tensor_count(model) + 1;
    struct splitter s = {
        .model = model,
        .cut = cut,
        .stop = calloc(tensors, 1),
        .tainted = calloc(tensors, 1),
        .read = calloc(tensors, 1),
    };
    cleave_status status = CLEAVE_OK;

    if (!alloc_sides(sides, model) || !s.stop || !s.tainted || !s.read) {
        status = no_memory(err);
        goto out;
    }
    for (uint32_t i = 0; i < cut->count; i++) {
        s.stop[cut->tensor[i]] = 1;
    }
    spread_taint(&s);
    deal_outputs(&s, sides);
    fill_sides(&s, sides);
    status = check_sides(&s, sides, err);
out:
    if (status != CLEAVE_OK) {
        clv_sides_fini(sides);
    }
    free(s.stop);
    free(s.tainted);
    free(s.read);
    return status;
}

void clv_sides_fini(struct clv_sides *sides)
{
    free(sides->in_head);
    free(sides->in_tail);
    free(sides->head_outputs);
    free(sides->tail_outputs);
    *sides = (struct clv_sides){0};
}
