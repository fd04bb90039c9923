/*
 * pool.c - a book of mapped blobs.
 *
 * A model has some hundred weights, so a plain list is searched.
 */
#include "network/pool.h"

#include <stdlib.h>
#include <string.h>

/* "blobs/0123456789abcdef...": content decides the name. */
static int blob_id(const struct clv_weight *w, uint64_t *ret_id)
{
    char digits[17] = "";
    const char *slash = w->location != NULL ? strrchr(w->location, '/') : NULL;

    if (slash == NULL) {
        return 0;
    }
    strncpy(digits, slash + 1, sizeof digits - 1);
    *ret_id = strtoull(digits, NULL, 16);
    return 1;
}

static struct clv_pool_blob *find(const struct clv_pool *pool, uint64_t id)
{
    for (size_t i = 0; i < pool->count; i++) {
        if (pool->blobs[i].id == id) {
            return &pool->blobs[i];
        }
    }
    return NULL;
}

static int reserve(struct clv_pool *pool, size_t more)
{
    size_t need = pool->count + more;
    struct clv_pool_blob *blobs;

    if (need <= pool->capacity) {
        return 1;
    }
    blobs = realloc(pool->blobs, 2 * need * sizeof *blobs);
    if (blobs == NULL) {
        return 0;
    }
    pool->blobs = blobs;
    pool->capacity = 2 * need;
    return 1;
}

/*
 * Operators that keep a weight once more, packed for their kernels. The
 * convolutions of the blocked layout do not: theirs was packed on disk.
 */
static int packs_weights(const char *op)
{
    static const char *const packing[] = {
        "Gemm",          "FusedGemm",     "MatMul",
        "FusedMatMul",   "MatMulInteger", "MatMulIntegerToFloat",
        "QGemm",         "QLinearConv",   "DynamicQuantizeMatMul",
        "QLinearMatMul", "ConvInteger",   "ConvTranspose",
        "Attention",     "QAttention",    "LSTM",
        "GRU",
    };

    for (size_t i = 0; i < sizeof packing / sizeof packing[0]; i++) {
        if (strcmp(op, packing[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Marks the tensors that some operator packs. */
static uint8_t *mark_packed(const struct clv_model *stub)
{
    uint8_t *mark = calloc((size_t)clv_model_tensor_count(stub) + 1, 1);

    for (uint32_t i = 0; mark && i < clv_model_node_count(stub); i++) {
        struct clv_ids in = clv_model_node_inputs(stub, i);
        int packs = packs_weights(clv_model_node_op(stub, i));
        for (uint32_t j = 0; packs && j < in.count; j++) {
            mark[in.id[j]] = 1;
        }
    }
    return mark;
}

static struct clv_pool_blob *find_or_add(struct clv_pool *pool, uint64_t id,
                                         uint64_t bytes)
{
    struct clv_pool_blob *blob = find(pool, id);

    if (blob == NULL) {
        blob = &pool->blobs[pool->count++];
        *blob = (struct clv_pool_blob){.id = id, .bytes = bytes};
    }
    return blob;
}

int clv_pool_add(struct clv_pool *pool, const struct clv_model *stub)
{
    uint32_t n = clv_model_weight_count(stub);
    uint8_t *packed = mark_packed(stub);

    if (packed == NULL || !reserve(pool, n)) {
        free(packed);
        return 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct clv_weight w = clv_model_weight(stub, i);
        uint32_t tensor = clv_model_find_tensor(stub, w.tensor.info.name);
        struct clv_pool_blob *blob;
        uint64_t id;
        if (!blob_id(&w, &id)) {
            continue;
        }
        blob = find_or_add(pool, id, w.tensor.bytes);
        pool->bytes += blob->users == 0 ? blob->bytes : 0;
        blob->users++;
        if (tensor != CLV_NONE && packed[tensor] && !blob->is_packed) {
            blob->is_packed = 1;
            pool->bytes += blob->bytes;
        }
    }
    free(packed);
    return 1;
}

void clv_pool_remove(struct clv_pool *pool, const struct clv_model *stub)
{
    for (uint32_t i = 0; i < clv_model_weight_count(stub); i++) {
        struct clv_weight w = clv_model_weight(stub, i);
        struct clv_pool_blob *blob;
        uint64_t id;
        if (!blob_id(&w, &id) || (blob = find(pool, id)) == NULL) {
            continue;
        }
        blob->users--;
        pool->bytes -= blob->users == 0 ? blob->bytes : 0;
    }
}

void clv_pool_forget_copies(struct clv_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        pool->bytes -= pool->blobs[i].is_packed ? pool->blobs[i].bytes : 0;
        pool->blobs[i].is_packed = 0;
    }
}

/* How often the stub's weights up to `last` are this blob. */
static uint32_t own_uses(const struct clv_model *stub, uint64_t id,
                         uint32_t last)
{
    uint32_t uses = 0;

    for (uint32_t i = 0; i <= last; i++) {
        struct clv_weight w = clv_model_weight(stub, i);
        uint64_t other;
        uses += blob_id(&w, &other) && other == id ? 1 : 0;
    }
    return uses;
}

uint64_t clv_pool_unshared(const struct clv_pool *pool,
                           const struct clv_model *stub)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < clv_model_weight_count(stub); i++) {
        struct clv_weight w = clv_model_weight(stub, i);
        const struct clv_pool_blob *blob;
        uint64_t id;
        /* Equal weights are one blob: counted at the last of them. */
        if (blob_id(&w, &id) && (blob = find(pool, id)) != NULL &&
            blob->users == own_uses(stub, id, i)) {
            sum += blob->bytes * (blob->is_packed ? 2 : 1);
        }
    }
    return sum;
}

void clv_pool_fini(struct clv_pool *pool)
{
    free(pool->blobs);
    *pool = (struct clv_pool){0};
}
