/*
 * trainer.c - calibration files from samples of tensors.
 *
 * For each tensor: its range and spread, then for each step of the ladder
 * the samples quantised, dealt, and given to fit.c. Books are kept as the
 * bytes that will stand in the file.
 */
#include "codec/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/fail.h"
#include "codec/bits.h"
#include "codec/calibration.h"
#include "codec/fit.h"
#include "codec/frame.h"
#include "codec/integers.h"
#include "codec/layout.h"
#include "codec/quantise.h"
#include "codec/token.h"
#include "codec/walk.h"
#include "tensor/element.h"

/* The ladder: a quarter of a standard deviation to four, four steps an
   octave, so that any step is within 9 % of a book's. */
#define LADDER_STEPS 17
#define LADDER_LEAST 0.25
#define LADDER_RATIO 1.189207115002721 /* 2^(1/4) */

/* A tensor learnt: its part of the file. */
struct learnt {
    char *name;
    struct clv_buffer bytes;
};

struct clv_trainer {
    uint8_t model[CLV_LAYOUT_MODEL_BYTES];
    struct learnt *learnt;
    size_t count;
    size_t capacity;
    size_t book_count; /* of all tensors */
};

/* One tensor being learnt. */
struct study {
    const cleave_tensor *samples; /* usable ones are listed in `use` */
    size_t *use;
    size_t count;
    size_t elements;
    int is_float;
    float *values; /* one sample, widened */
    int16_t *indices;
    uint8_t *tokens;
    uint8_t **walked;
    struct clv_walk walk;
    struct clv_calibrated stats;
    size_t book_count;
    struct clv_buffer books;
};

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

cleave_status clv_trainer_new(const char *model_sha256,
                              struct clv_trainer **ret_trainer,
                              cleave_error *err)
{
    struct clv_trainer *trainer = calloc(1, sizeof *trainer);

    if (trainer == NULL) {
        return clv_fail_memory(err, "trainer", sizeof *trainer);
    }
    for (size_t i = 0; i < CLV_LAYOUT_MODEL_BYTES; i++) {
        int high = hex_digit(model_sha256[2 * i]);
        int low = high < 0 ? -1 : hex_digit(model_sha256[2 * i + 1]);
        if (low < 0) {
            free(trainer);
            return clv_fail(err, CLEAVE_INVALID, model_sha256,
                            "A model's SHA-256 is 64 hexadecimal digits.");
        }
        trainer->model[i] = (uint8_t)(high << 4 | low);
    }
    *ret_trainer = trainer;
    return CLEAVE_OK;
}

void clv_trainer_free(struct clv_trainer *trainer)
{
    if (trainer == NULL) {
        return;
    }
    for (size_t i = 0; i < trainer->count; i++) {
        free(trainer->learnt[i].name);
        clv_buffer_fini(&trainer->learnt[i].bytes);
    }
    free(trainer->learnt);
    free(trainer);
}

/* The sample's numbers as f32; floats only. */
static const float *widen(struct study *s, const cleave_tensor *sample)
{
    if (sample->info.type == CLEAVE_TYPE_F32) {
        return sample->data;
    }
    clv_f16_to_f32(sample->data, s->elements, s->values);
    return s->values;
}

static int is_usable(struct study *s, const cleave_tensor *sample)
{
    float lo;
    float hi;

    return !s->is_float ||
           clv_values_extent(clv_processor_best(), widen(s, sample),
                             s->elements, &lo, &hi);
}

static void float_stats(struct study *s)
{
    double sum = 0;
    double squares = 0;
    double n = (double)s->count * (double)s->elements;
    float lo = INFINITY;
    float hi = -INFINITY;

    for (size_t i = 0; i < s->count; i++) {
        const float *values = widen(s, &s->samples[s->use[i]]);
        for (size_t k = 0; k < s->elements; k++) {
            sum += (double)values[k];
            squares += (double)values[k] * (double)values[k];
            lo = values[k] < lo ? values[k] : lo;
            hi = values[k] > hi ? values[k] : hi;
        }
    }
    s->stats.lo = lo;
    s->stats.hi = hi;
    s->stats.mean = (float)(sum / n);
    squares = squares / n - sum / n * (sum / n);
    s->stats.sd = squares > 0 ? (float)sqrt(squares) : 0;
}

/* Integers: only the base matters. */
static void integer_stats(struct study *s)
{
    s->stats.base = clv_integers_base(&s->samples[s->use[0]]);
}

/* Indices of a sample. 0 if it has none at this step. */
static int quantise(struct study *s, size_t i, float step,
                    struct clv_extent *extent)
{
    const cleave_tensor *sample = &s->samples[s->use[i]];

    if (s->is_float) {
        return clv_quantise_step(clv_processor_best(), widen(s, sample),
                                 s->elements, step, s->indices, extent);
    }
    return clv_integers_to_indices(sample, s->stats.base, s->indices, extent);
}

/* Walked tokens of all samples at a step. */
static int deal(struct study *s, float step, int is_signed)
{
    for (size_t i = 0; i < s->count; i++) {
        struct clv_extent extent = {INT32_MAX, INT32_MIN};
        if (!quantise(s, i, step, &extent)) {
            return 0;
        }
        (void)clv_tokens_of(clv_processor_best(), s->indices, s->elements,
                            is_signed, s->tokens);
        clv_walk_deal(clv_processor_best(), &s->walk, s->tokens, s->walked[i]);
    }
    return 1;
}

/* True if an index of some sample is negative, or the tensor might be. */
static int has_signs(struct study *s)
{
    struct clv_extent extent = {INT32_MAX, INT32_MIN};

    if (s->is_float) {
        return s->stats.lo < 0;
    }
    for (size_t i = 0; i < s->count; i++) {
        (void)quantise(s, i, 0, &extent);
    }
    return extent.least < 0;
}

static cleave_status learn_step(struct study *s, float step)
{
    int is_signed = has_signs(s);
    struct clv_specimen lesson = {&s->walk, is_signed, s->walked, s->count};
    struct clv_buffer bytes;
    struct clv_book *book;
    cleave_status status;

    if (!deal(s, step, is_signed)) {
        return CLEAVE_OK;
    }
    status = clv_fit_book(&lesson, &book);
    if (status != CLEAVE_OK) {
        return status;
    }
    clv_buffer_init(&bytes, CLV_CALIBRATION_BYTES);
    clv_book_write(book, &bytes);
    clv_put_f32(&s->books, step);
    clv_put_varint(&s->books, bytes.size);
    (void)clv_buffer_append(&s->books, bytes.data, bytes.size);
    s->book_count++;
    status = clv_buffer_status(&bytes);
    clv_buffer_fini(&bytes);
    clv_book_free(book);
    return status == CLEAVE_OK ? clv_buffer_status(&s->books) : status;
}

static cleave_status learn_books(struct study *s)
{
    double step = LADDER_LEAST * (double)s->stats.sd;
    cleave_status status = CLEAVE_OK;

    if (!s->is_float) {
        return learn_step(s, 0);
    }
    for (int i = 0; status == CLEAVE_OK && i < LADDER_STEPS; i++) {
        float here = (float)step;
        if (isfinite(here) && here > 0) {
            status = learn_step(s, here);
        }
        step *= LADDER_RATIO;
    }
    return status;
}

static void put_stats(const struct study *s, const char *name,
                      struct clv_buffer *into)
{
    const cleave_tensor_info *info = &s->samples[0].info;

    clv_put_varint(into, strlen(name));
    (void)clv_buffer_append(into, name, strlen(name));
    clv_put_u8(into, (uint8_t)clv_layout_number(info->type));
    clv_put_varint(into, info->rank);
    for (size_t i = 0; i < info->rank; i++) {
        clv_put_varint(into, (uint64_t)info->shape[i]);
    }
    clv_put_f32(into, s->stats.lo);
    clv_put_f32(into, s->stats.hi);
    clv_put_f32(into, s->stats.mean);
    clv_put_f32(into, s->stats.sd);
    clv_put_varint(into, clv_zigzag(s->stats.base));
    clv_put_varint(into, s->book_count);
    (void)clv_buffer_append(into, s->books.data, s->books.size);
}

static void study_fini(struct study *s)
{
    for (size_t i = 0; s->walked != NULL && i < s->count; i++) {
        free(s->walked[i]);
    }
    free(s->walked);
    free(s->use);
    free(s->values);
    free(s->indices);
    free(s->tokens);
    clv_buffer_fini(&s->books);
}

static cleave_status allocate(struct study *s, size_t count)
{
    s->use = calloc(count, sizeof *s->use);
    s->values = malloc(s->elements * sizeof *s->values);
    s->indices = malloc(s->elements * sizeof *s->indices);
    s->tokens = malloc(s->elements + 64);
    s->walked = calloc(count, sizeof *s->walked);
    return s->use == NULL || s->values == NULL || s->indices == NULL ||
                   s->tokens == NULL || s->walked == NULL
               ? CLEAVE_MEMORY
               : CLEAVE_OK;
}

static cleave_status study_begin(struct study *s, size_t count)
{
    const cleave_tensor_info *info = &s->samples[0].info;
    cleave_status status = allocate(s, count);

    if (status != CLEAVE_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_usable(s, &s->samples[i])) {
            s->use[s->count++] = i;
        }
    }
    clv_walk_init(&s->walk, info, s->elements,
                  clv_walk_lanes(info, s->elements));
    for (size_t i = 0; i < s->count; i++) {
        s->walked[i] = malloc(clv_walk_size(&s->walk) + 64);
        if (s->walked[i] == NULL) {
            return CLEAVE_MEMORY;
        }
    }
    return CLEAVE_OK;
}

static cleave_status check_samples(const char *name,
                                   const cleave_tensor *samples, size_t count,
                                   cleave_error *err)
{
    for (size_t i = 1; i < count; i++) {
        if (!clv_tensor_same_form(&samples[0].info, &samples[i].info)) {
            return clv_fail(err, CLEAVE_MISMATCH, name,
                            "Samples of a tensor must have one shape.");
        }
    }
    if (count == 0 || samples[0].info.type == CLEAVE_TYPE_F64) {
        return clv_fail(err, count == 0 ? CLEAVE_INVALID : CLEAVE_UNSUPPORTED,
                        name, "There is nothing here to calibrate with.");
    }
    return CLEAVE_OK;
}

static struct learnt *new_learnt(struct clv_trainer *trainer, const char *name)
{
    struct learnt *learnt;

    if (trainer->count == trainer->capacity) {
        size_t capacity = 2 * trainer->capacity + 16;
        learnt = realloc(trainer->learnt, capacity * sizeof *learnt);
        if (learnt == NULL) {
            return NULL;
        }
        trainer->learnt = learnt;
        trainer->capacity = capacity;
    }
    learnt = &trainer->learnt[trainer->count];
    clv_buffer_init(&learnt->bytes, CLV_CALIBRATION_BYTES);
    learnt->name = strdup(name);
    if (learnt->name == NULL) {
        return NULL;
    }
    trainer->count++;
    return learnt;
}

static int knows(const struct clv_trainer *trainer, const char *name)
{
    for (size_t i = 0; i < trainer->count; i++) {
        if (strcmp(trainer->learnt[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The study of a tensor that has samples to be studied. */
static cleave_status study(struct clv_trainer *trainer, struct study *s,
                           const char *name, cleave_error *err)
{
    struct learnt *learnt;
    cleave_status status;

    if (s->is_float) {
        float_stats(s);
    } else {
        integer_stats(s);
    }
    status = learn_books(s);
    if (status == CLEAVE_OK &&
        trainer->book_count + s->book_count > CLV_CALIBRATION_BOOKS_ALL) {
        status = clv_fail(err, CLEAVE_LIMIT, name,
                          "A calibration file holds at most %d code books; "
                          "calibrate fewer cuts.",
                          CLV_CALIBRATION_BOOKS_ALL);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    learnt = new_learnt(trainer, name);
    if (learnt == NULL) {
        return CLEAVE_MEMORY;
    }
    trainer->book_count += s->book_count;
    put_stats(s, name, &learnt->bytes);
    return clv_buffer_status(&learnt->bytes);
}

cleave_status clv_trainer_learn(struct clv_trainer *trainer, const char *name,
                                const cleave_tensor *samples, size_t count,
                                cleave_error *err)
{
    struct study s = {.samples = samples};
    cleave_status status = check_samples(name, samples, count, err);

    if (status != CLEAVE_OK || knows(trainer, name)) {
        return status;
    }
    if (trainer->count == CLV_CALIBRATION_TENSORS) {
        return clv_fail(err, CLEAVE_LIMIT, name,
                        "A calibration file holds at most %d tensors; "
                        "calibrate fewer cuts.",
                        CLV_CALIBRATION_TENSORS);
    }
    s.is_float = samples[0].info.type == CLEAVE_TYPE_F32 ||
                 samples[0].info.type == CLEAVE_TYPE_F16;
    s.elements = samples[0].bytes / cleave_type_bytes(samples[0].info.type);
    clv_buffer_init(&s.books, CLV_CALIBRATION_BYTES);
    if (s.elements > 0) {
        status = study_begin(&s, count);
    }
    if (status == CLEAVE_OK && s.count == 0) {
        status = clv_fail(err, CLEAVE_INVALID, name,
                          "All samples of this tensor are empty or hold NaN "
                          "or infinity.");
    }
    if (status == CLEAVE_OK) {
        status = study(trainer, &s, name, err);
    }
    study_fini(&s);
    return status == CLEAVE_OK
               ? status
               : clv_fail(err, status, name, "There is no memory to learn it.");
}

static int by_name(const void *a, const void *b)
{
    const struct learnt *const *x = a;
    const struct learnt *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

cleave_status clv_trainer_write(const struct clv_trainer *trainer,
                                struct clv_buffer *into, cleave_error *err)
{
    size_t start = into->size;
    const struct learnt **sorted =
        malloc((trainer->count + 1) * sizeof(const struct learnt *));

    if (sorted == NULL) {
        return clv_fail_memory(err, "calibration", trainer->count);
    }
    for (size_t i = 0; i < trainer->count; i++) {
        sorted[i] = &trainer->learnt[i];
    }
    qsort(sorted, trainer->count, sizeof(const struct learnt *), by_name);
    clv_put_u32(into, CLV_LAYOUT_MAGIC | (uint32_t)CLV_LAYOUT_VERSION << 24);
    (void)clv_buffer_append(into, trainer->model, sizeof trainer->model);
    clv_put_varint(into, trainer->count);
    for (size_t i = 0; i < trainer->count; i++) {
        (void)clv_buffer_append(into, sorted[i]->bytes.data,
                                sorted[i]->bytes.size);
    }
    free(sorted);
    if (clv_buffer_status(into) != CLEAVE_OK) {
        return clv_fail(err, clv_buffer_status(into), "calibration",
                        "The calibration is larger than it may be; calibrate "
                        "fewer cuts.");
    }
    clv_put_u32(into, XXH32(into->data + start, into->size - start, 0));
    return clv_buffer_status(into);
}
