/*
 * constant.c - the numbers of a constant tensor.
 *
 * Constants that nodes compute from others are not computed here: that is an
 * engine's business, and quantising does without them.
 */
#include "model/constant.h"

#include <math.h>

#include "tensor/element.h"

static int read_form(const Onnx__TensorProto *t, struct clv_constant *c)
{
    uint64_t elements;
    uint64_t bytes;

    if (t->n_dims > CLEAVE_MAX_RANK ||
        clv_type_from_onnx(t->data_type) != CLEAVE_TYPE_F32) {
        return 0;
    }
    c->info.type = CLEAVE_TYPE_F32;
    c->info.rank = (uint32_t)t->n_dims;
    for (uint32_t i = 0; i < c->info.rank; i++) {
        c->info.shape[i] = t->dims[i];
    }
    if (cleave_tensor_count(&c->info, &elements, &bytes) != CLEAVE_OK) {
        return 0;
    }
    c->count = (size_t)elements;
    return 1;
}

static int read_elements(const Onnx__TensorProto *t, struct clv_constant *c)
{
    if (t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
        return 0;
    }
    if (t->has_raw_data) {
        c->raw = t->raw_data.data;
        return t->raw_data.len == c->count * sizeof(float);
    }
    c->floats = t->float_data;
    return t->n_float_data == c->count && c->count > 0;
}

/* An initializer, perhaps of external data. */
static int find_weight(const struct clv_model *model, uint32_t weight,
                       struct clv_constant *c)
{
    const Onnx__TensorProto *t = clv_graph_of(model)->initializer[weight];
    const cleave_tensor *mapped = &model->weights[weight].tensor;

    if (!read_form(t, c)) {
        return 0;
    }
    if (mapped->data != NULL) {
        c->raw = mapped->data;
        return mapped->bytes == c->count * sizeof(float);
    }
    return read_elements(t, c);
}

static int find_value(const Onnx__NodeProto *node, struct clv_constant *c)
{
    if (strcmp(node->op_type, "Constant") != 0) {
        return 0;
    }
    for (size_t i = 0; i < node->n_attribute; i++) {
        const Onnx__AttributeProto *a = node->attribute[i];
        if (a->name != NULL && strcmp(a->name, "value") == 0 && a->t != NULL) {
            return read_form(a->t, c) && read_elements(a->t, c);
        }
    }
    return 0;
}

int clv_constant_find(const struct clv_model *model, const char *name,
                      struct clv_constant *ret_constant)
{
    struct clv_constant c = {.info = {.name = name}};
    uint32_t id = clv_model_find_tensor(model, name);
    int found = 0;

    if (id == CLV_NONE) {
        return 0;
    }
    if (model->tensors[id].weight != CLV_NONE) {
        found = find_weight(model, model->tensors[id].weight, &c);
    } else if (model->tensors[id].producer != CLV_NONE) {
        found = find_value(model->nodes[model->tensors[id].producer].proto, &c);
    }
    for (size_t i = 0; found && i < c.count; i++) {
        found = isfinite(clv_constant_at(&c, i));
    }
    if (found) {
        *ret_constant = c;
    }
    return found;
}
