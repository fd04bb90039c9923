/*
 * cutname.c - from a cut's name to its tensors and back.
 *
 * A name is its tensors' names joined by '+', in network order. Tensor names
 * may themselves hold a '+', so reading one tries every way to part it, the
 * longest first name first.
 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/suggest.h"
#include "network/state.h"

/* Network order: inputs first, then by the node that makes them. */
static int stands_before(const struct clv_model *model, uint32_t a, uint32_t b)
{
    uint32_t x = clv_model_producer(model, a) + 1; /* CLV_NONE becomes 0 */
    uint32_t y = clv_model_producer(model, b) + 1;

    return x != y ? x < y : a < b;
}

static void sort_cut(const struct clv_model *model, struct clv_cut_set *cut)
{
    for (uint32_t i = 1; i < cut->count; i++) {
        for (uint32_t j = i; j > 0; j--) {
            uint32_t *t = &cut->tensor[j];
            if (!stands_before(model, t[0], t[-1])) {
                break;
            }
            uint32_t swap = t[0];
            t[0] = t[-1];
            t[-1] = swap;
        }
    }
}

/* Constants cannot be cut, so they are not suggested. */
static const char *tensor_name_at(const void *list, size_t index)
{
    const struct clv_model *model = list;
    uint32_t id = (uint32_t)index;

    return clv_model_is_constant(model, id) ? ""
                                            : clv_model_tensor_name(model, id);
}

static cleave_status no_such_tensor(const struct clv_model *model,
                                    const char *name, cleave_error *err)
{
    char near[300];

    clv_suggest(name, model, clv_model_tensor_count(model), tensor_name_at,
                near, sizeof near);
    return clv_fail(err, CLEAVE_NOT_FOUND, name,
                    "The model has no tensor of this name.%s%s%s Run `cleave "
                    "inspect` to see its cuts.",
                    near[0] ? " Near it are " : "", near, near[0] ? "." : "");
}

static cleave_status add_tensor(const struct clv_model *model, const char *name,
                                struct clv_cut_set *cut, cleave_error *err)
{
    uint32_t id = clv_model_find_tensor(model, name);

    if (id == CLV_NONE) {
        return no_such_tensor(model, name, err);
    }
    if (clv_model_is_constant(model, id)) {
        return clv_fail(err, CLEAVE_NOT_FOUND, name,
                        "This tensor is a constant of the model; nothing is "
                        "gained by sending it.");
    }
    for (uint32_t i = 0; i < cut->count; i++) {
        if (cut->tensor[i] == id) {
            return clv_fail(err, CLEAVE_INVALID, name,
                            "The cut names this tensor twice.");
        }
    }
    if (cut->count == CLV_CUT_MAX_TENSORS) {
        return clv_fail(err, CLEAVE_LIMIT, name,
                        "A cut has at most %d tensors.", CLV_CUT_MAX_TENSORS);
    }
    cut->tensor[cut->count++] = id;
    return CLEAVE_OK;
}

cleave_status clv_cutname_gather(const struct clv_model *model,
                                 const char *const *tensors, size_t count,
                                 struct clv_cut_set *ret_cut, cleave_error *err)
{
    struct clv_cut_set cut = {{0}, 0};
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = add_tensor(model, tensors[i], &cut, err);
    }
    if (status == CLEAVE_OK && count == 0) {
        status = clv_fail(err, CLEAVE_INVALID, "cut", "The cut is empty.");
    }
    if (status == CLEAVE_OK) {
        sort_cut(model, &cut);
        *ret_cut = cut;
    }
    return status;
}

/* Parts `text` in place into names of tensors; 0 if there is no way. */
static int part_names(const struct clv_model *model, char *text,
                      const char **names, size_t *count)
{
    char *plus = text + strlen(text);

    if (*count == CLV_CUT_MAX_TENSORS) {
        return 0;
    }
    for (;;) {
        char kept = *plus;
        *plus = '\0';
        if (clv_model_find_tensor(model, text) != CLV_NONE) {
            names[(*count)++] = text;
            if (kept == '\0' || part_names(model, plus + 1, names, count)) {
                return 1;
            }
            (*count)--;
        }
        *plus = kept;
        do {
            if (plus == text) {
                return 0;
            }
            plus--;
        } while (*plus != '+');
    }
}

cleave_status clv_cutname_parse(const struct clv_model *model, const char *name,
                                struct clv_cut_set *ret_cut, cleave_error *err)
{
    char text[CLV_CUT_NAME_MAX];
    const char *names[CLV_CUT_MAX_TENSORS];
    size_t count = 0;

    if (strlen(name) >= sizeof text) {
        return clv_fail(err, CLEAVE_LIMIT, name,
                        "A cut's name has at most %zu characters.",
                        sizeof text - 1);
    }
    strcpy(text, name);
    if (!part_names(model, text, names, &count)) {
        return no_such_tensor(model, name, err);
    }
    return clv_cutname_gather(model, names, count, ret_cut, err);
}

cleave_status clv_cutname_print(const struct clv_model *model,
                                const struct clv_cut_set *cut, char *into,
                                size_t size, cleave_error *err)
{
    size_t used = 0;

    for (uint32_t i = 0; i < cut->count; i++) {
        const char *name = clv_model_tensor_name(model, cut->tensor[i]);
        int n =
            snprintf(into + used, size - used, "%s%s", i > 0 ? "+" : "", name);
        if (n < 0 || (size_t)n >= size - used) {
            return clv_fail(err, CLEAVE_LIMIT, name,
                            "The cut's name has more than %zu characters.",
                            size - 1);
        }
        used += (size_t)n;
    }
    return CLEAVE_OK;
}
