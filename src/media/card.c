/*
 * card.c - from a YAML file to struct clv_card.
 *
 * The schema below is what libcyaml checks: keys, types, how many. Its
 * values land in the plain structs in front of it ("raw"), where NULL means
 * that the key was not there. Then our own code sets defaults and checks
 * what a schema cannot say, and copies the result into the card. Sizes in
 * steps are text for the schema, because one may be 224 or 320x240.
 */
#include "media/card.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/fail.h"
#include "tensor/element.h"

#define NAME_MAX_BYTES 512
#define SIZE_TEXT 16
#define FIRST_CLASS_MAX 1000000

/* Where in the document, for errors: "input[15].prepare[7]". */
#define AT_SIZE 64

struct raw_step {
    char *shorter;
    char *crop;
    char *resize;
};

struct raw_input {
    char *name;
    enum clv_card_kind kind;
    struct raw_step *prepare;
    uint32_t prepare_count;
    enum clv_card_channels *channels;
    enum clv_card_layout *layout;
    double *scale;
    double *mean;
    uint32_t mean_count;
    double *std;
    uint32_t std_count;
    char *dtype;
    int64_t *shape;
    uint32_t shape_count;
};

struct raw_output {
    char *name;
    char *labels;
    int64_t *first_class;
};

struct raw_card {
    enum clv_card_task task;
    enum clv_card_metric *metric;
    struct raw_input *input;
    uint32_t input_count;
    struct raw_output *output;
    uint32_t output_count;
};

static const cyaml_strval_t task_names[] = {
    {"classification", CLV_TASK_CLASSIFICATION},
    {"detection", CLV_TASK_DETECTION},
    {"array", CLV_TASK_ARRAY},
};

static const cyaml_strval_t metric_names[] = {
    {"top1", CLV_METRIC_TOP1},
    {"topk", CLV_METRIC_TOPK},
    {"cosine", CLV_METRIC_COSINE},
    {"psnr", CLV_METRIC_PSNR},
};

static const cyaml_strval_t kind_names[] = {
    {"image", CLV_KIND_IMAGE},
    {"array", CLV_KIND_ARRAY},
};

static const cyaml_strval_t channel_names[] = {
    {"rgb", CLV_CHANNELS_RGB},
    {"bgr", CLV_CHANNELS_BGR},
    {"gray", CLV_CHANNELS_GRAY},
};

static const cyaml_strval_t layout_names[] = {
    {"nchw", CLV_LAYOUT_NCHW},
    {"nhwc", CLV_LAYOUT_NHWC},
};

#define NEEDED (CYAML_FLAG_POINTER)
#define MAY (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
/* A key whose value is one of a list of words. */
#define ONE_OF(key, type, member, list)                          \
    CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT, type, member, list, \
                     CYAML_ARRAY_LEN(list))
#define MAY_ONE_OF(key, type, member, list)                                \
    CYAML_FIELD_ENUM_PTR(key, MAY | CYAML_FLAG_STRICT, type, member, list, \
                         CYAML_ARRAY_LEN(list))

static const cyaml_schema_field_t step_fields[] = {
    CYAML_FIELD_STRING_PTR("shorter", MAY, struct raw_step, shorter, 1,
                           SIZE_TEXT),
    CYAML_FIELD_STRING_PTR("crop", MAY, struct raw_step, crop, 1, SIZE_TEXT),
    CYAML_FIELD_STRING_PTR("resize", MAY, struct raw_step, resize, 1,
                           SIZE_TEXT),
    CYAML_FIELD_END};

static const cyaml_schema_value_t step_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_step, step_fields)};

static const cyaml_schema_value_t number_value = {
    CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};

static const cyaml_schema_value_t dimension_value = {
    CYAML_VALUE_INT(CYAML_FLAG_DEFAULT, int64_t)};

static const cyaml_schema_field_t input_fields[] = {
    CYAML_FIELD_STRING_PTR("name", NEEDED, struct raw_input, name, 1,
                           NAME_MAX_BYTES),
    ONE_OF("kind", struct raw_input, kind, kind_names),
    CYAML_FIELD_SEQUENCE("prepare", MAY, struct raw_input, prepare, &step_value,
                         0, CLV_CARD_STEPS),
    MAY_ONE_OF("channels", struct raw_input, channels, channel_names),
    MAY_ONE_OF("layout", struct raw_input, layout, layout_names),
    CYAML_FIELD_FLOAT_PTR("scale", MAY, struct raw_input, scale),
    CYAML_FIELD_SEQUENCE("mean", MAY, struct raw_input, mean, &number_value, 1,
                         3),
    CYAML_FIELD_SEQUENCE("std", MAY, struct raw_input, std, &number_value, 1,
                         3),
    CYAML_FIELD_STRING_PTR("dtype", MAY, struct raw_input, dtype, 1, SIZE_TEXT),
    CYAML_FIELD_SEQUENCE("shape", MAY, struct raw_input, shape,
                         &dimension_value, 1, CLEAVE_MAX_RANK),
    CYAML_FIELD_END};

static const cyaml_schema_value_t input_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_input, input_fields)};

static const cyaml_schema_field_t output_fields[] = {
    CYAML_FIELD_STRING_PTR("name", NEEDED, struct raw_output, name, 1,
                           NAME_MAX_BYTES),
    CYAML_FIELD_STRING_PTR("labels", MAY, struct raw_output, labels, 1,
                           CLV_PATH_MAX / 2),
    CYAML_FIELD_INT_PTR("first_class", MAY, struct raw_output, first_class),
    CYAML_FIELD_END};

static const cyaml_schema_value_t output_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_output, output_fields)};

static const cyaml_schema_field_t card_fields[] = {
    ONE_OF("task", struct raw_card, task, task_names),
    MAY_ONE_OF("metric", struct raw_card, metric, metric_names),
    CYAML_FIELD_SEQUENCE("input", NEEDED, struct raw_card, input, &input_value,
                         1, CLV_CARD_INPUTS),
    CYAML_FIELD_SEQUENCE("output", MAY, struct raw_card, output, &output_value,
                         0, CLV_CARD_OUTPUTS),
    CYAML_FIELD_END};

static const cyaml_schema_value_t card_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_card, card_fields)};

/* What a conversion needs to complain: the document, and where it is. */
struct place {
    const struct clv_document *document;
    cleave_error *err;
    char at[AT_SIZE];
};

static cleave_status refuse(const struct place *p, const char *key,
                            const char *text)
{
    char at[AT_SIZE * 2];

    snprintf(at, sizeof at, "%s%s%s", p->at, key[0] != '\0' ? "." : "", key);
    return clv_document_fail(p->document, p->err, at, "%s", text);
}

/* Digits that make a side, or 0. */
static uint32_t scan_side(const char **text)
{
    uint32_t side = 0;

    while (**text >= '0' && **text <= '9' && side <= CLV_CARD_SIDE_MAX) {
        side = side * 10 + (uint32_t)(*(*text)++ - '0');
    }
    return side <= CLV_CARD_SIDE_MAX ? side : 0;
}

/* "224", or "320x240" where `two` sides are allowed. */
static int scan_size(const char *text, int two, struct clv_card_step *step)
{
    step->width = scan_side(&text);
    step->height = step->width;
    if (two && *text == 'x') {
        text++;
        step->height = scan_side(&text);
    }
    return step->width > 0 && step->height > 0 && *text == '\0';
}

static cleave_status set_step(const struct place *p, const struct raw_step *raw,
                              struct clv_card_step *step)
{
    const char *size = raw->shorter;
    int given =
        (raw->shorter != NULL) + (raw->crop != NULL) + (raw->resize != NULL);

    if (given != 1) {
        return refuse(p, "",
                      "A step has exactly one of the keys shorter, crop and "
                      "resize; make a step of its own for each.");
    }
    step->kind = CLV_STEP_SHORTER;
    if (raw->crop != NULL) {
        step->kind = CLV_STEP_CROP;
        size = raw->crop;
    } else if (raw->resize != NULL) {
        step->kind = CLV_STEP_RESIZE;
        size = raw->resize;
    }
    if (!scan_size(size, step->kind != CLV_STEP_SHORTER, step)) {
        return refuse(p, "",
                      "A step's size is a number of pixels from 1 to 16384, "
                      "for crop and resize also WIDTHxHEIGHT as in 320x240.");
    }
    return CLEAVE_OK;
}

static cleave_status set_steps(const struct place *p,
                               const struct raw_input *raw,
                               struct clv_card_input *input)
{
    for (uint32_t i = 0; i < raw->prepare_count; i++) {
        struct place step = *p;
        cleave_status status;

        snprintf(step.at, sizeof step.at, "%.40s.prepare[%u]", p->at, i);
        status = set_step(&step, &raw->prepare[i], &input->steps[i]);
        if (status != CLEAVE_OK) {
            return status;
        }
    }
    input->step_count = raw->prepare_count;
    return CLEAVE_OK;
}

/* A list of one number or one a channel, into one a channel. */
static cleave_status set_per_channel(const struct place *p, const char *key,
                                     const double *list, uint32_t count,
                                     double absent, int is_gray, double into[3])
{
    for (uint32_t c = 0; c < 3; c++) {
        into[c] = count == 0 ? absent : list[count == 1 ? 0 : c % count];
        if (!isfinite(into[c])) {
            return refuse(p, key, "This is not a finite number.");
        }
    }
    if (count > 1 && is_gray) {
        return refuse(p, key, "A gray input has one channel, so one number.");
    }
    if (count == 2) {
        return refuse(p, key,
                      "Give one number for all channels, or three: one a "
                      "channel, in the model's order.");
    }
    return CLEAVE_OK;
}

static cleave_status set_numbers(const struct place *p,
                                 const struct raw_input *raw,
                                 struct clv_card_input *input)
{
    int is_gray = input->channels == CLV_CHANNELS_GRAY;
    cleave_status status;

    input->scale = raw->scale != NULL ? *raw->scale : 1.0;
    if (!isfinite(input->scale) || input->scale == 0) {
        return refuse(p, "scale", "scale must be a number other than 0.");
    }
    status = set_per_channel(p, "mean", raw->mean, raw->mean_count, 0.0,
                             is_gray, input->mean);
    if (status == CLEAVE_OK) {
        status = set_per_channel(p, "std", raw->std, raw->std_count, 1.0,
                                 is_gray, input->std);
    }
    for (int c = 0; status == CLEAVE_OK && c < 3; c++) {
        if (input->std[c] == 0) {
            return refuse(p, "std",
                          "std must not be 0, elements are divided by it.");
        }
    }
    return status;
}

static cleave_status set_image(const struct place *p,
                               const struct raw_input *raw,
                               struct clv_card_input *input)
{
    cleave_status status;

    if (raw->dtype != NULL || raw->shape != NULL) {
        return refuse(p, raw->dtype != NULL ? "dtype" : "shape",
                      "dtype and shape are for inputs of kind array; a "
                      "picture's follow from the model.");
    }
    input->channels = raw->channels != NULL ? *raw->channels : CLV_CHANNELS_RGB;
    input->layout = raw->layout != NULL ? *raw->layout : CLV_LAYOUT_NCHW;
    status = set_numbers(p, raw, input);
    if (status == CLEAVE_OK) {
        status = set_steps(p, raw, input);
    }
    return status;
}

/* A picture's key in an array's input, or NULL. */
static const char *picture_key(const struct raw_input *raw)
{
    const struct {
        int given;
        const char *key;
    } keys[] = {
        {raw->prepare != NULL, "prepare"}, {raw->channels != NULL, "channels"},
        {raw->layout != NULL, "layout"},   {raw->scale != NULL, "scale"},
        {raw->mean != NULL, "mean"},       {raw->std != NULL, "std"},
    };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].given) {
            return keys[i].key;
        }
    }
    return NULL;
}

static cleave_status set_shape(const struct place *p,
                               const struct raw_input *raw,
                               struct clv_card_input *input)
{
    cleave_tensor_info info = {.type = input->dtype, .rank = raw->shape_count};
    uint64_t elements;
    uint64_t bytes;

    for (uint32_t i = 0; i < raw->shape_count; i++) {
        input->shape[i] = raw->shape[i];
        info.shape[i] = raw->shape[i] == -1 ? 1 : raw->shape[i];
        if (info.shape[i] < 1) {
            return refuse(p, "shape",
                          "A dimension is at least 1, or -1 where it is "
                          "free.");
        }
    }
    input->rank = raw->shape_count;
    if (cleave_tensor_count(&info, &elements, &bytes) != CLEAVE_OK) {
        return refuse(p, "shape", "This shape is too large.");
    }
    return CLEAVE_OK;
}

static cleave_status set_array(const struct place *p,
                               const struct raw_input *raw,
                               struct clv_card_input *input)
{
    const char *key = picture_key(raw);

    if (key != NULL) {
        return refuse(p, key,
                      "This key is for inputs of kind image; an array has "
                      "dtype and shape.");
    }
    if (raw->dtype == NULL || raw->shape == NULL) {
        return refuse(p, "",
                      "An input of kind array needs dtype and shape, for "
                      "example dtype: int64 and shape: [1, 48].");
    }
    input->dtype = clv_type_from_name(raw->dtype);
    if (input->dtype == CLEAVE_TYPE_NONE) {
        return refuse(p, "dtype",
                      "This element type is not known; float32, float16, "
                      "int64, int32, uint8 and the like are.");
    }
    return set_shape(p, raw, input);
}

static cleave_status copy_text(const struct place *p, const char *text,
                               char **ret_copy)
{
    char *copy = strdup(text);

    if (copy == NULL) {
        return clv_fail_memory(p->err, NULL, strlen(text));
    }
    *ret_copy = copy;
    return CLEAVE_OK;
}

static cleave_status set_input(struct clv_card *card, const struct place *p,
                               const struct raw_input *raw)
{
    struct clv_card_input *input = &card->inputs[card->input_count];
    cleave_status status;

    if (clv_card_input(card, raw->name) != NULL) {
        return refuse(p, "name", "Another input has this name already.");
    }
    status = copy_text(p, raw->name, &input->name);
    if (status != CLEAVE_OK) {
        return status;
    }
    card->input_count++;
    input->kind = raw->kind;
    return raw->kind == CLV_KIND_IMAGE ? set_image(p, raw, input)
                                       : set_array(p, raw, input);
}

static cleave_status set_output(struct clv_card *card, const struct place *p,
                                const struct raw_output *raw)
{
    struct clv_card_output *output = &card->outputs[card->output_count];
    cleave_status status;

    if (clv_card_output(card, raw->name) != NULL) {
        return refuse(p, "name", "Another output has this name already.");
    }
    if (raw->first_class != NULL &&
        (*raw->first_class < 0 || *raw->first_class > FIRST_CLASS_MAX)) {
        return refuse(p, "first_class",
                      "first_class is the index of the first class in the "
                      "output: 0, or 1 where index 0 is a background.");
    }
    status = copy_text(p, raw->name, &output->name);
    if (status != CLEAVE_OK) {
        return status;
    }
    card->output_count++;
    output->first_class = raw->first_class != NULL ? *raw->first_class : 0;
    if (raw->labels != NULL) {
        status = copy_text(p, raw->labels, &output->labels_path);
    }
    return status;
}

static enum clv_card_metric default_metric(enum clv_card_task task)
{
    return task == CLV_TASK_CLASSIFICATION ? CLV_METRIC_TOP1
                                           : CLV_METRIC_COSINE;
}

static cleave_status set_card(struct clv_card *card,
                              const struct clv_document *document,
                              cleave_error *err)
{
    const struct raw_card *raw = clv_document_data(document);
    struct place p = {.document = document, .err = err};
    cleave_status status = CLEAVE_OK;

    card->task = raw->task;
    card->metric =
        raw->metric != NULL ? *raw->metric : default_metric(raw->task);
    for (uint32_t i = 0; status == CLEAVE_OK && i < raw->input_count; i++) {
        snprintf(p.at, sizeof p.at, "input[%u]", i);
        status = set_input(card, &p, &raw->input[i]);
    }
    for (uint32_t i = 0; status == CLEAVE_OK && i < raw->output_count; i++) {
        snprintf(p.at, sizeof p.at, "output[%u]", i);
        status = set_output(card, &p, &raw->output[i]);
    }
    return status;
}

/* `labels` as the card means it: relative to the card's folder. */
static cleave_status beside(const char *card, const char *labels,
                            char into[CLV_PATH_MAX], cleave_error *err)
{
    int folder = (int)(clv_path_name(card) - card);

    if (labels[0] == '/') {
        folder = 0;
    }
    return clv_path_print(into, CLV_PATH_MAX, err, "%.*s%s", folder, card,
                          labels);
}

static cleave_status read_labels(struct clv_card *card,
                                 const struct clv_document *document,
                                 cleave_error *err)
{
    for (size_t i = 0; i < card->output_count; i++) {
        struct clv_card_output *output = &card->outputs[i];
        cleave_error inner = CLEAVE_ERROR_INIT;
        char path[CLV_PATH_MAX];
        char at[AT_SIZE];
        cleave_status status;

        if (output->labels_path == NULL) {
            continue;
        }
        status = beside(card->path, output->labels_path, path, &inner);
        if (status == CLEAVE_OK) {
            status = clv_names_read(&output->labels, path, &inner);
        }
        if (status != CLEAVE_OK) {
            snprintf(at, sizeof at, "output[%zu].labels", i);
            clv_document_fail(document, err, at, "%s: %s", path, inner.text);
            return status;
        }
    }
    return CLEAVE_OK;
}

static cleave_status make(clv_bytes bytes, const char *path, int with_labels,
                          struct clv_card **ret_card, cleave_error *err)
{
    struct clv_document *document = NULL;
    struct clv_card *card = calloc(1, sizeof *card);
    cleave_status status;

    if (card == NULL || (card->path = strdup(path)) == NULL) {
        clv_card_free(card);
        return clv_fail_memory(err, path, sizeof *card);
    }
    status = clv_document_new(bytes, path, &card_value, &document, err);
    if (status == CLEAVE_OK) {
        status = set_card(card, document, err);
    }
    if (status == CLEAVE_OK && with_labels) {
        status = read_labels(card, document, err);
    }
    clv_document_free(document);
    if (status != CLEAVE_OK) {
        clv_card_free(card);
        return status;
    }
    *ret_card = card;
    return CLEAVE_OK;
}

cleave_status clv_card_new(clv_bytes bytes, const char *path,
                           struct clv_card **ret_card, cleave_error *err)
{
    return make(bytes, path, 0, ret_card, err);
}

cleave_status clv_card_read(const char *path, struct clv_card **ret_card,
                            cleave_error *err)
{
    struct clv_buffer b;
    cleave_status status;

    clv_buffer_init(&b, CLV_DOCUMENT_BYTES);
    status = clv_file_read(path, CLV_DOCUMENT_BYTES, &b, err);
    if (status == CLEAVE_OK) {
        status = make(clv_buffer_bytes(&b), path, 1, ret_card, err);
    }
    clv_buffer_fini(&b);
    return status;
}

void clv_card_free(struct clv_card *card)
{
    if (card == NULL) {
        return;
    }
    for (size_t i = 0; i < card->input_count; i++) {
        free(card->inputs[i].name);
    }
    for (size_t i = 0; i < card->output_count; i++) {
        free(card->outputs[i].name);
        free(card->outputs[i].labels_path);
        clv_names_fini(&card->outputs[i].labels);
    }
    free(card->path);
    free(card);
}
