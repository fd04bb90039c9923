/*
 * opset.c - choosing the opset of an int8 variant.
 *
 * Pairs with a scale for each channel are in opset 13 of ONNX, so a model of
 * an older one is raised to it if all its operators mean there what they meant
 * before. If not, opset 10 will do, where integers begin: ONNX Runtime has the
 * pairs of its own. Nothing is rewritten: an operator that changed on the way
 * stands in the way.
 */
#include "model/opset.h"

#include <string.h>

#include "base/fail.h"
#include "model/graph.h"

/*
 * Operators that mean in opset 13 what they meant from `since` on; and those
 * that changed later, but not before opset 11.
 */
struct lasting {
    const char *op;
    int64_t since;
};

static const struct lasting to_13[] = {
    {"Add", 7},
    {"AveragePool", 7},
    {"BatchNormalization", 9},
    {"Cast", 9},
    {"Clip", 11},
    {"Concat", 4},
    {"Constant", 9},
    {"Conv", 1},
    {"Div", 7},
    {"Dropout", 12},
    {"Erf", 9},
    {"Exp", 6},
    {"Flatten", 9},
    {"Gather", 11},
    {"Gemm", 7},
    {"Identity", 1},
    {"LeakyRelu", 6},
    {"MatMul", 1},
    {"MaxPool", 8},
    {"Mul", 7},
    {"Pad", 11},
    {"Pow", 7},
    {"Relu", 6},
    {"Reshape", 5},
    {"Resize", 11},
    {"Sigmoid", 6},
    {"Slice", 10},
    {"Sqrt", 6},
    {"Sub", 7},
    {"Tanh", 6},
    {"Transpose", 1},
    {"GlobalAveragePool", 1},
    {NULL, 0},
};

static const struct lasting to_10[] = {
    {"ArgMax", 1},
    {"Clip", 6},
    {"Constant", 1},
    {"ConstantOfShape", 9},
    {"Dropout", 7},
    {"Elu", 6},
    {"Flatten", 1},
    {"Gather", 1},
    {"GlobalMaxPool", 1},
    {"LRN", 1},
    {"LogSoftmax", 1},
    {"Max", 8},
    {"Min", 8},
    {"PRelu", 7},
    {"Pad", 2},
    {"ReduceMax", 1},
    {"ReduceMean", 1},
    {"ReduceSum", 1},
    {"Shape", 1},
    {"Softmax", 1},
    {"Split", 2},
    {"Squeeze", 1},
    {"Sum", 6},
    {"Unsqueeze", 1},
    {NULL, 0},
};

static int64_t opset_of(const Onnx__ModelProto *proto)
{
    int64_t version = 1;

    for (size_t i = 0; i < proto->n_opset_import; i++) {
        const char *domain = proto->opset_import[i]->domain;
        if (domain == NULL || domain[0] == '\0' ||
            strcmp(domain, "ai.onnx") == 0) {
            version = proto->opset_import[i]->version;
        }
    }
    return version;
}

static int has_graph(const Onnx__NodeProto *node)
{
    for (size_t i = 0; i < node->n_attribute; i++) {
        if (node->attribute[i]->g != NULL || node->attribute[i]->n_graphs > 0) {
            return 1;
        }
    }
    return 0;
}

static int is_listed(const struct lasting *list, const char *op, int64_t opset)
{
    while (list->op != NULL && strcmp(list->op, op) != 0) {
        list++;
    }
    return list->op != NULL && opset >= list->since;
}

/* The first operator that would mean something else in the newer opset, or
   NULL. */
static const char *find_changed(const struct clv_model *model, int64_t from,
                                int64_t to)
{
    for (uint32_t i = 0; from < to && i < model->node_count; i++) {
        const Onnx__NodeProto *node = model->nodes[i].proto;
        int lasts = is_listed(to_13, node->op_type, from) ||
                    (to <= 10 && is_listed(to_10, node->op_type, from));
        if (node->domain != NULL && node->domain[0] != '\0') {
            continue;
        }
        if (!lasts || has_graph(node)) {
            return node->op_type;
        }
    }
    return NULL;
}

cleave_status clv_opset_choose(const struct clv_model *model,
                               int64_t *ret_opset, cleave_error *err)
{
    int64_t own = opset_of(model->proto);
    int64_t least = CLV_OPSET_PAIRS;
    const char *changed = find_changed(model, own, least);

    if (changed != NULL) {
        least = CLV_OPSET_LEAST;
        changed = find_changed(model, own, least);
    }
    if (changed != NULL) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, model->where,
                        "The model is of opset %lld, in which operators of "
                        "integers are missing, and %s means something else in "
                        "later ones; convert it to opset %d first.",
                        (long long)own, changed, CLV_OPSET_PAIRS);
    }
    *ret_opset = own > least ? own : least;
    return CLEAVE_OK;
}
