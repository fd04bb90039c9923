/*
 * offer.c - which cuts are worth offering.
 *
 * Candidates come from the optimised graph. One that another beats, with
 * fewer bytes (or as few) for less head work (or as little), is not offered:
 * nobody would choose it whatever the link. Of equals the later one stays,
 * because a tensor behind an activation packs smaller than the one before.
 *
 * The ends are cuts too, and beat others: `input` whatever sends more than
 * the inputs themselves, `output` whatever leaves the server no work. Where
 * they would beat all (a network that only grows), they are not asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "model/work.h"
#include "network/state.h"

struct offering {
    struct clv_network *n;
    uint64_t *node_macs; /* of the model's nodes */
    uint8_t *mark;       /* per node of the model */
    struct clv_cut_set *sets;
    size_t set_count;
};

static uint64_t marked_macs(const struct offering *o)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < clv_model_node_count(o->n->model); i++) {
        sum += o->mark[i] ? o->node_macs[i] : 0;
    }
    return sum;
}

/* Work of the head: what the cut and the outputs left of it need. */
static cleave_status head_macs(struct offering *o,
                               const struct clv_cut_set *set, uint64_t *ret,
                               cleave_error *err)
{
    const struct clv_model *model = o->n->model;
    struct clv_sides sides;
    cleave_status status = clv_sides_init(&sides, o->n->optimised, set, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    memset(o->mark, 0, clv_model_node_count(model));
    for (uint32_t i = 0; i < set->count + sides.head_output_count; i++) {
        uint32_t here = i < set->count ? set->tensor[i]
                                       : sides.head_outputs[i - set->count];
        uint32_t id = clv_model_find_tensor(
            model, clv_model_tensor_name(o->n->optimised, here));
        if (id != CLV_NONE) {
            clv_cuts_mark_needed(model, &id, 1, o->mark);
        }
    }
    clv_sides_fini(&sides);
    *ret = marked_macs(o);
    return CLEAVE_OK;
}

/* -- Activations -- */

static int is_among(const char *op, const char *const *names)
{
    while (*names != NULL && strcmp(op, *names) != 0) {
        names++;
    }
    return *names != NULL;
}

/* What hands a tensor on as it is, or nearly. */
static const char *const passes[] = {
    "QuantizeLinear", "DequantizeLinear", "Identity", "Dropout", "Cast", NULL};
static const char *const activations[] = {
    "Relu", "Clip",     "LeakyRelu",       "PRelu",    "Sigmoid", "HardSigmoid",
    "Elu",  "Selu",     "HardSwish",       "Tanh",     "Gelu",    "Celu",
    "Mish", "Softplus", "ThresholdedRelu", "FastGelu", NULL};

/* x * sigmoid(x), which has no operator of its own. */
static int is_gated(const struct clv_model *model, uint32_t node)
{
    struct clv_ids in = clv_model_node_inputs(model, node);

    if (strcmp(clv_model_node_op(model, node), "Mul") != 0 || in.count != 2) {
        return 0;
    }
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t gate = clv_model_producer(model, in.id[i]);
        if (gate != CLV_NONE &&
            strstr(clv_model_node_op(model, gate), "Sigmoid") != NULL) {
            struct clv_ids of = clv_model_node_inputs(model, gate);
            return of.count > 0 && of.id[0] == in.id[1 - i];
        }
    }
    return 0;
}

static int is_activation(const struct clv_model *model, uint32_t tensor)
{
    uint32_t node = clv_model_producer(model, tensor);

    while (node != CLV_NONE &&
           is_among(clv_model_node_op(model, node), passes)) {
        struct clv_ids in = clv_model_node_inputs(model, node);
        node = in.count > 0 ? clv_model_producer(model, in.id[0]) : CLV_NONE;
    }
    return node != CLV_NONE &&
           (is_among(clv_model_node_op(model, node), activations) ||
            is_gated(model, node));
}

/* A network without any gets all its single tensors marked. */
static void mark_activations(struct clv_network *n)
{
    int any = 0;

    for (size_t i = 0; i < n->all_cut_count; i++) {
        any |= n->all_cuts[i].is_activation;
    }
    for (size_t i = 0; !any && i < n->all_cut_count; i++) {
        n->all_cuts[i].is_activation = n->all_cuts[i].tensor_count == 1;
    }
}

/*
 * Fills in a cut; returns 0 if it cannot be offered: a tensor the model does
 * not know by name, or of unknown form.
 */
static int describe(struct offering *o, const struct clv_cut_set *set,
                    struct clv_cut *cut)
{
    const struct clv_model *model = o->n->model;
    struct clv_cut_set ours = {.count = set->count};
    char name[CLV_CUT_NAME_MAX];
    uint64_t elements;
    uint64_t bytes;

    *cut = (struct clv_cut){.tensor_count = set->count};
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t id = clv_model_find_tensor(
            model, clv_model_tensor_name(o->n->optimised, set->tensor[i]));
        if (id == CLV_NONE || clv_model_is_constant(model, id) ||
            cleave_tensor_count(&o->n->shapes->concrete[id], &elements,
                                &bytes) != CLEAVE_OK) {
            return 0;
        }
        ours.tensor[i] = id;
        cut->tensors[i] = o->n->shapes->concrete[id];
        cut->bytes += bytes;
    }
    if (clv_cutname_print(model, &ours, name, sizeof name, NULL) != CLEAVE_OK) {
        return 0;
    }
    cut->is_activation =
        ours.count == 1 && is_activation(model, ours.tensor[0]);
    cut->name = clv_arena_strdup(&o->n->arena, name);
    return cut->name != NULL;
}

static int beats(const struct clv_cut *a, const struct clv_cut *b,
                 int a_is_later)
{
    if (a->bytes > b->bytes || a->head_macs > b->head_macs) {
        return 0;
    }
    return a->bytes < b->bytes || a->head_macs < b->head_macs || a_is_later;
}

static int is_beaten(const struct clv_cut *cuts, size_t count, size_t i)
{
    for (size_t j = 0; j < count; j++) {
        if (j != i && beats(&cuts[j], &cuts[i], j > i)) {
            return 1;
        }
    }
    return 0;
}

/* What `input` and `output` are as cuts. */
static void describe_ends(const struct offering *o, struct clv_cut ends[2])
{
    uint32_t count;
    const cleave_tensor_info *inputs = clv_model_inputs(o->n->model, &count);

    ends[0] = (struct clv_cut){.name = CLV_CUT_INPUT};
    ends[1] = (struct clv_cut){.name = CLV_CUT_OUTPUT, .head_macs = o->n->macs};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = clv_model_find_tensor(o->n->model, inputs[i].name);
        uint64_t elements = 0;
        uint64_t bytes = 0;
        cleave_tensor_count(&o->n->shapes->concrete[id], &elements, &bytes);
        ends[0].bytes += bytes;
    }
}

/* Keeps what no other cut beats and, if `ends` are given, neither do they. */
static void choose(struct clv_network *n, const struct clv_cut *ends)
{
    n->cut_count = 0;
    for (size_t i = 0; i < n->all_cut_count; i++) {
        const struct clv_cut *cut = &n->all_cuts[i];
        int beaten = is_beaten(n->all_cuts, n->all_cut_count, i);
        if (ends != NULL) {
            beaten |= beats(&ends[0], cut, 0) || beats(&ends[1], cut, 0);
        }
        if (!beaten) {
            n->cuts[n->cut_count++] = *cut;
        }
    }
}

static cleave_status describe_all(struct offering *o, cleave_error *err)
{
    struct clv_network *n = o->n;
    struct clv_cut ends[2];
    cleave_status status;

    for (size_t i = 0; i < o->set_count; i++) {
        struct clv_cut *cut = &n->all_cuts[n->all_cut_count];
        if (!describe(o, &o->sets[i], cut)) {
            continue;
        }
        status = head_macs(o, &o->sets[i], &cut->head_macs, err);
        if (status != CLEAVE_OK) {
            return status;
        }
        if (n->macs > 0) {
            cut->head_share = (double)cut->head_macs / (double)n->macs;
        }
        n->all_cut_count++;
    }
    mark_activations(n);
    describe_ends(o, ends);
    choose(n, ends);
    if (n->cut_count == 0) {
        choose(n, NULL);
    }
    return CLEAVE_OK;
}

static int count_work(struct offering *o)
{
    const struct clv_model *model = o->n->model;
    uint32_t nodes = clv_model_node_count(model);

    o->mark = calloc((size_t)nodes + 1, 1);
    o->node_macs = calloc((size_t)nodes + 1, sizeof *o->node_macs);
    if (o->mark == NULL || o->node_macs == NULL) {
        return 0;
    }
    o->n->macs = 0;
    for (uint32_t i = 0; i < nodes; i++) {
        o->node_macs[i] = clv_work_macs(model, i, o->n->shapes->concrete);
        o->n->macs += o->node_macs[i];
    }
    return 1;
}

static cleave_status offer(struct offering *o, cleave_error *err)
{
    struct clv_network *n = o->n;
    cleave_status status =
        clv_cuts_find(n->optimised, &o->sets, &o->set_count, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    n->all_cut_count = 0;
    n->cut_count = 0;
    n->all_cuts =
        clv_arena_calloc(&n->arena, o->set_count + 1, sizeof *n->all_cuts);
    n->cuts = clv_arena_calloc(&n->arena, o->set_count + 1, sizeof *n->cuts);
    if (n->all_cuts == NULL || n->cuts == NULL || !count_work(o)) {
        return clv_fail_memory(err, n->path, o->set_count);
    }
    return describe_all(o, err);
}

cleave_status clv_offer_learn_locked(struct clv_network *n, cleave_error *err)
{
    struct offering o = {.n = n};
    cleave_status status;

    if (n->all_cuts != NULL) {
        return CLEAVE_OK;
    }
    status = clv_shapes_learn_locked(n, err);
    if (status == CLEAVE_OK) {
        status = clv_halves_learn_locked(n, err);
    }
    if (status == CLEAVE_OK) {
        status = offer(&o, err);
    }
    if (status != CLEAVE_OK) {
        n->all_cuts = NULL;
    }
    free(o.sets);
    free(o.mark);
    free(o.node_macs);
    return status;
}

static int shares_tensor(const struct clv_network *n, const struct clv_cut *cut,
                         const struct clv_cut_set *wanted)
{
    for (size_t i = 0; i < cut->tensor_count; i++) {
        for (uint32_t j = 0; j < wanted->count; j++) {
            const char *name =
                clv_model_tensor_name(n->model, wanted->tensor[j]);
            if (strcmp(cut->tensors[i].name, name) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

void clv_offer_name_near(struct clv_network *n,
                         const struct clv_cut_set *wanted, cleave_error *err)
{
    size_t used;
    int named = 0;

    if (err == NULL || clv_network_all_cuts(n, &(const struct clv_cut *){0},
                                            &(size_t){0}, NULL) != CLEAVE_OK) {
        return;
    }
    used = strlen(err->text);
    for (size_t i = 0; i < n->all_cut_count && named < 3; i++) {
        if (shares_tensor(n, &n->all_cuts[i], wanted) &&
            used < sizeof err->text) {
            used += (size_t)snprintf(
                err->text + used, sizeof err->text - used, "%s'%s'",
                named++ ? ", " : " Cuts with it: ", n->all_cuts[i].name);
        }
    }
}
