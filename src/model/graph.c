/*
 * graph.c - numbers for names.
 *
 * ONNX ties nodes together by strings. Here every distinct string becomes a
 * tensor with a number, once: all mentions of names in the file are
 * gathered, sorted (no hash table, so no hostile file can make it slow), and
 * equal neighbours get the same number. Then come the checks: made once,
 * used only when made, no cycle.
 *
 * Sub-graphs (the bodies of If, Loop and Scan) are not looked into further
 * than to learn which outer tensors they capture; those count as inputs of
 * the node that holds them.
 */
#include "model/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

/* A graph with more mentions of names than this is refused. */
#define MAX_MENTIONS ((size_t)16 << 20)

enum role { OUTER_INPUT, INITIALIZER, MADE, USED, RESULT, DESCRIBED };

/* One mention of a name in the file. */
struct mention {
    const char *name;
    uint32_t order; /* of mentioning: ties sort by it, numbers follow it */
    uint32_t owner; /* node, initializer or value_info */
    enum role role;
};

struct mentions {
    struct mention *item;
    size_t count;
    size_t capacity;
    int failed;
};

static void add_mention(struct mentions *m, const char *name, enum role role,
                        uint32_t owner)
{
    if (name == NULL || name[0] == '\0' || m->failed) {
        return;
    }
    if (m->count == m->capacity) {
        size_t capacity = m->capacity > 0 ? 2 * m->capacity : 1024;
        struct mention *item = NULL;
        if (capacity <= MAX_MENTIONS) {
            item = realloc(m->item, capacity * sizeof *item);
        }
        if (item == NULL) {
            m->failed = 1;
            return;
        }
        m->item = item;
        m->capacity = capacity;
    }
    m->item[m->count] = (struct mention){name, (uint32_t)m->count, owner, role};
    m->count++;
}

/* -- What a sub-graph captures: what it uses and does not define -- */

static void gather_inner(const Onnx__GraphProto *g, struct mentions *used,
                         struct mentions *defined, uint32_t node)
{
    for (size_t i = 0; i < g->n_input; i++) {
        add_mention(defined, g->input[i]->name, MADE, node);
    }
    for (size_t i = 0; i < g->n_initializer; i++) {
        add_mention(defined, g->initializer[i]->name, MADE, node);
    }
    for (size_t i = 0; i < g->n_sparse_initializer; i++) {
        const Onnx__TensorProto *values = g->sparse_initializer[i]->values;
        add_mention(defined, values != NULL ? values->name : NULL, MADE, node);
    }
    for (size_t i = 0; i < g->n_output; i++) {
        add_mention(used, g->output[i]->name, USED, node);
    }
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *n = g->node[i];
        for (size_t j = 0; j < n->n_input; j++) {
            add_mention(used, n->input[j], USED, node);
        }
        for (size_t j = 0; j < n->n_output; j++) {
            add_mention(defined, n->output[j], MADE, node);
        }
        for (size_t j = 0; j < n->n_attribute; j++) {
            if (n->attribute[j]->g != NULL) {
                gather_inner(n->attribute[j]->g, used, defined, node);
            }
            for (size_t k = 0; k < n->attribute[j]->n_graphs; k++) {
                gather_inner(n->attribute[j]->graphs[k], used, defined, node);
            }
        }
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct mention *x = a;
    const struct mention *y = b;
    int c = strcmp(x->name, y->name);

    if (c != 0) {
        return c;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static void gather_captured(const Onnx__NodeProto *n, struct mentions *m,
                            uint32_t node)
{
    struct mentions used = {0};
    struct mentions defined = {0};

    for (size_t i = 0; i < n->n_attribute; i++) {
        if (n->attribute[i]->g != NULL) {
            gather_inner(n->attribute[i]->g, &used, &defined, node);
        }
        for (size_t k = 0; k < n->attribute[i]->n_graphs; k++) {
            gather_inner(n->attribute[i]->graphs[k], &used, &defined, node);
        }
    }
    if (defined.count > 1) {
        qsort(defined.item, defined.count, sizeof *defined.item, compare_names);
    }
    for (size_t i = 0, low, high; i < used.count; i++) {
        low = 0;
        high = defined.count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (strcmp(defined.item[middle].name, used.item[i].name) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == defined.count ||
            strcmp(defined.item[low].name, used.item[i].name) != 0) {
            add_mention(m, used.item[i].name, USED, node);
        }
    }
    m->failed |= used.failed | defined.failed;
    free(used.item);
    free(defined.item);
}

static void gather(const Onnx__GraphProto *g, struct mentions *m)
{
    for (size_t i = 0; i < g->n_input; i++) {
        add_mention(m, g->input[i]->name, OUTER_INPUT, (uint32_t)i);
    }
    for (size_t i = 0; i < g->n_initializer; i++) {
        add_mention(m, g->initializer[i]->name, INITIALIZER, (uint32_t)i);
    }
    for (size_t i = 0; i < g->n_sparse_initializer; i++) {
        const Onnx__TensorProto *values = g->sparse_initializer[i]->values;
        add_mention(m, values != NULL ? values->name : NULL, INITIALIZER,
                    CLV_NONE);
    }
    for (uint32_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *n = g->node[i];
        for (size_t j = 0; j < n->n_input; j++) {
            add_mention(m, n->input[j], USED, i);
        }
        gather_captured(n, m, i);
        for (size_t j = 0; j < n->n_output; j++) {
            add_mention(m, n->output[j], MADE, i);
        }
    }
    for (size_t i = 0; i < g->n_output; i++) {
        add_mention(m, g->output[i]->name, RESULT, (uint32_t)i);
    }
    for (size_t i = 0; i < g->n_value_info; i++) {
        add_mention(m, g->value_info[i]->name, DESCRIBED, (uint32_t)i);
    }
}

/* -- From mentions to tensors -- */

static cleave_status no_memory(struct clv_model *model, cleave_error *err)
{
    return clv_fail(err, CLEAVE_MEMORY, model->where,
                    "No memory for a graph of %zu nodes.",
                    clv_graph_of(model)->n_node);
}

/*
 * Sorted mentions of one name, first to last, become one tensor. Whoever
 * makes it twice, or uses what nobody makes, is caught here.
 */
static cleave_status make_tensor(struct clv_model *model, uint32_t id,
                                 const struct mention *first, size_t count,
                                 cleave_error *err)
{
    struct clv_graph_tensor *t = &model->tensors[id];
    int inputs = 0;
    int made = 0;
    int used = 0;

    *t = (struct clv_graph_tensor){first->name, CLV_NONE, CLV_NONE, CLV_NONE,
                                   0,           0,        0};
    for (size_t i = 0; i < count; i++) {
        switch (first[i].role) {
        case OUTER_INPUT:
            inputs++;
            break;
        case INITIALIZER:
            made++;
            t->weight = first[i].owner;
            t->is_constant = 1;
            break;
        case MADE:
            made++;
            t->producer = first[i].owner;
            break;
        case USED:
            used = 1;
            break;
        case RESULT:
            used = 1;
            t->is_output = 1;
            break;
        case DESCRIBED:
            t->info = first[i].owner;
            break;
        }
    }
    /* Old files list initializers among the inputs, as defaults. */
    t->is_input = inputs > 0 && !t->is_constant;
    made += t->is_constant ? 0 : inputs;
    if (made > 1) {
        return clv_fail(err, CLEAVE_CORRUPT, model->where,
                        "The tensor '%.200s' is made %d times.", t->name, made);
    }
    if (made == 0 && used) {
        return clv_fail(err, CLEAVE_CORRUPT, model->where,
                        "The tensor '%.200s' is used, but nothing makes it.",
                        t->name);
    }
    return CLEAVE_OK;
}

/* Numbers follow the order of first mention; `number` maps it. */
static uint32_t number_names(const struct mentions *m, uint32_t *number)
{
    uint32_t count = 0;

    for (size_t i = 0; i < m->count; i++) {
        number[i] = CLV_NONE;
    }
    for (size_t i = 0; i < m->count; i++) {
        if (i == 0 || strcmp(m->item[i].name, m->item[i - 1].name) != 0) {
            number[m->item[i].order] = 0;
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        if (number[i] == 0) {
            number[i] = count++;
        }
    }
    return count;
}

static cleave_status make_tensors(struct clv_model *model,
                                  const struct mentions *m, uint32_t *number,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    size_t sorted = 0;

    model->tensor_count = number_names(m, number);
    model->tensors = clv_arena_calloc(&model->arena, model->tensor_count,
                                      sizeof *model->tensors);
    model->by_name = clv_arena_calloc(&model->arena, model->tensor_count,
                                      sizeof *model->by_name);
    if (model->tensors == NULL || model->by_name == NULL) {
        return no_memory(model, err);
    }
    for (size_t i = 0, end; status == CLEAVE_OK && i < m->count; i = end) {
        uint32_t id = number[m->item[i].order];
        for (end = i + 1;
             end < m->count && strcmp(m->item[end].name, m->item[i].name) == 0;
             end++) {
            number[m->item[end].order] = id;
        }
        model->by_name[sorted++] = id;
        status = make_tensor(model, id, &m->item[i], end - i, err);
    }
    return status;
}

/* -- From mentions to nodes -- */

static int compare_owner(const void *a, const void *b)
{
    const struct mention *x = a;
    const struct mention *y = b;

    return x->order < y->order ? -1 : x->order > y->order;
}

/* Hands each node its share of the mentions, which are in file order. */
static cleave_status make_nodes(struct clv_model *model, struct mentions *m,
                                const uint32_t *number, cleave_error *err)
{
    const Onnx__GraphProto *g = clv_graph_of(model);
    uint32_t *ids = clv_arena_calloc(&model->arena, m->count + 1, sizeof *ids);

    model->node_count = (uint32_t)g->n_node;
    model->nodes =
        clv_arena_calloc(&model->arena, g->n_node + 1, sizeof *model->nodes);
    if (ids == NULL || model->nodes == NULL) {
        return no_memory(model, err);
    }
    for (uint32_t i = 0; i < model->node_count; i++) {
        model->nodes[i].proto = g->node[i];
    }
    if (m->count > 1) {
        qsort(m->item, m->count, sizeof *m->item, compare_owner);
    }
    for (size_t i = 0; i < m->count; i++) {
        const struct mention *at = &m->item[i];
        struct clv_graph_node *node;
        struct clv_ids *list;
        if (at->role != USED && at->role != MADE) {
            continue;
        }
        node = &model->nodes[at->owner];
        list = at->role == USED ? &node->inputs : &node->outputs;
        if (list->count == 0) {
            list->id = ids + i;
        }
        ids[i] = number[at->order];
        list->count++;
    }
    return CLEAVE_OK;
}

/* -- Order -- */

/* A depth-first walk over nodes, without recursion. */
struct walk {
    struct clv_model *model;
    uint32_t *stack;
    uint32_t *cursor; /* inputs of a node already seen to */
    uint32_t *place;  /* in the new order, CLV_NONE while open or new */
    uint8_t *is_open;
    struct clv_graph_node *ordered;
    uint32_t done;
};

/* The next producer that must stand before node `at`, or CLV_NONE. */
static uint32_t next_needed(struct walk *w, uint32_t at)
{
    struct clv_ids in = w->model->nodes[at].inputs;

    while (w->cursor[at] < in.count) {
        uint32_t p = w->model->tensors[in.id[w->cursor[at]++]].producer;
        if (p != CLV_NONE && w->place[p] == CLV_NONE) {
            return p;
        }
    }
    return CLV_NONE;
}

static cleave_status place_with_needs(struct walk *w, uint32_t root,
                                      cleave_error *err)
{
    uint32_t depth = 0;

    w->stack[depth++] = root;
    w->is_open[root] = 1;
    while (depth > 0) {
        uint32_t at = w->stack[depth - 1];
        uint32_t needed = next_needed(w, at);
        if (needed == CLV_NONE) {
            w->place[at] = w->done;
            w->ordered[w->done++] = w->model->nodes[at];
            depth--;
        } else if (w->is_open[needed]) {
            struct clv_ids made = w->model->nodes[needed].outputs;
            return clv_fail(err, CLEAVE_CORRUPT, w->model->where,
                            "The graph has a cycle through the node that "
                            "makes '%.200s'.",
                            w->model->tensors[made.id[0]].name);
        } else {
            w->is_open[needed] = 1;
            w->stack[depth++] = needed;
        }
    }
    return CLEAVE_OK;
}

static void adopt_order(struct walk *w)
{
    struct clv_model *model = w->model;

    model->nodes = w->ordered;
    for (uint32_t i = 0; i < model->tensor_count; i++) {
        if (model->tensors[i].producer != CLV_NONE) {
            model->tensors[i].producer = w->place[model->tensors[i].producer];
        }
    }
}

/* Moves every node behind what it needs, else keeps the file's order. */
static cleave_status order_nodes(struct clv_model *model, cleave_error *err)
{
    size_t n = (size_t)model->node_count + 1;
    struct walk w = {
        .model = model,
        .stack = malloc(n * sizeof *w.stack),
        .cursor = calloc(n, sizeof *w.cursor),
        .place = malloc(n * sizeof *w.place),
        .is_open = calloc(n, 1),
        .ordered = clv_arena_calloc(&model->arena, n, sizeof *w.ordered),
    };
    cleave_status status = CLEAVE_OK;

    if (!w.stack || !w.cursor || !w.place || !w.is_open || !w.ordered) {
        status = no_memory(model, err);
        goto out;
    }
    memset(w.place, 0xff, n * sizeof *w.place); /* all CLV_NONE */
    for (uint32_t i = 0; status == CLEAVE_OK && i < model->node_count; i++) {
        if (w.place[i] == CLV_NONE) {
            status = place_with_needs(&w, i, err);
        }
    }
    if (status == CLEAVE_OK) {
        adopt_order(&w);
    }
out:
    free(w.stack);
    free(w.cursor);
    free(w.place);
    free(w.is_open);
    return status;
}

/* -- Constants -- */

static int makes_random(const Onnx__NodeProto *proto);

static int is_random(const Onnx__GraphProto *g)
{
    int random = 0;

    for (size_t i = 0; g != NULL && !random && i < g->n_node; i++) {
        random = makes_random(g->node[i]);
    }
    return random;
}

/* The node, or one in a graph inside it, rolls dice. */
static int makes_random(const Onnx__NodeProto *proto)
{
    static const char *const ops[] = {"Random", "Multinomial", "Bernoulli"};
    const char *op = proto->op_type != NULL ? proto->op_type : "";
    int random = 0;

    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        random |= strncmp(op, ops[i], strlen(ops[i])) == 0;
    }
    for (size_t i = 0; !random && i < proto->n_attribute; i++) {
        const Onnx__AttributeProto *a = proto->attribute[i];
        random = is_random(a->g);
        for (size_t k = 0; !random && k < a->n_graphs; k++) {
            random = is_random(a->graphs[k]);
        }
    }
    return random;
}

static void mark_constants(struct clv_model *model)
{
    for (uint32_t i = 0; i < model->node_count; i++) {
        struct clv_graph_node *node = &model->nodes[i];
        int constant = !makes_random(node->proto);
        for (uint32_t j = 0; constant && j < node->inputs.count; j++) {
            constant = model->tensors[node->inputs.id[j]].is_constant;
        }
        node->is_constant = (uint8_t)constant;
        for (uint32_t j = 0; constant && j < node->outputs.count; j++) {
            model->tensors[node->outputs.id[j]].is_constant = 1;
        }
    }
}

static cleave_status check_operators(struct clv_model *model, cleave_error *err)
{
    const Onnx__GraphProto *g = clv_graph_of(model);

    for (size_t i = 0; i < g->n_node; i++) {
        if (g->node[i]->op_type == NULL || g->node[i]->op_type[0] == '\0') {
            return clv_fail(err, CLEAVE_CORRUPT, model->where,
                            "Node %zu of the graph has no operator.", i);
        }
    }
    if (g->n_output == 0) {
        return clv_fail(err, CLEAVE_CORRUPT, model->where,
                        "The graph has no outputs.");
    }
    return CLEAVE_OK;
}

cleave_status clv_graph_build(struct clv_model *model, cleave_error *err)
{
    struct mentions m = {0};
    uint32_t *number = NULL;
    cleave_status status = check_operators(model, err);

    if (status != CLEAVE_OK) {
        goto out;
    }
    gather(clv_graph_of(model), &m);
    number = malloc((m.count + 1) * sizeof *number);
    if (m.failed || number == NULL) {
        status = no_memory(model, err);
        goto out;
    }
    if (m.count > 1) {
        qsort(m.item, m.count, sizeof *m.item, compare_names);
    }
    status = make_tensors(model, &m, number, err);
    if (status == CLEAVE_OK) {
        status = make_nodes(model, &m, number, err);
    }
    if (status == CLEAVE_OK) {
        status = order_nodes(model, err);
    }
    if (status == CLEAVE_OK) {
        mark_constants(model);
    }
out:
    free(m.item);
    free(number);
    return status;
}
