/*
 * card.h - the model card: what a network's file does not say.
 *
 * A card is a YAML file beside the model (docs/card.md is its manual). It
 * says what the network is for, how a picture becomes its input, and what
 * its outputs mean.
 *
 * A card is read-only once read, and may then be read by all threads.
 */
#ifndef CLV_CARD_H
#define CLV_CARD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/file.h"
#include "cleave/status.h"
#include "cleave/tensor.h"
#include "media/names.h"

#define CLV_CARD_STEPS 8
#define CLV_CARD_INPUTS 16
#define CLV_CARD_OUTPUTS 64

/* The longest side that a step may ask for. */
#define CLV_CARD_SIDE_MAX 16384

enum clv_card_task {
    CLV_TASK_CLASSIFICATION,
    CLV_TASK_DETECTION,
    CLV_TASK_ARRAY
};

/* How accuracy is judged. */
enum clv_card_metric {
    CLV_METRIC_TOP1,
    CLV_METRIC_TOPK,
    CLV_METRIC_COSINE,
    CLV_METRIC_PSNR
};

enum clv_card_kind { CLV_KIND_IMAGE, CLV_KIND_ARRAY };
enum clv_card_channels {
    CLV_CHANNELS_RGB,
    CLV_CHANNELS_BGR,
    CLV_CHANNELS_GRAY
};
enum clv_card_layout { CLV_LAYOUT_NCHW, CLV_LAYOUT_NHWC };

enum clv_step_kind {
    CLV_STEP_SHORTER, /* the shorter side to `width` */
    CLV_STEP_CROP,    /* the centre, width x height */
    CLV_STEP_RESIZE   /* to width x height, whatever the proportions */
};

struct clv_card_step {
    enum clv_step_kind kind;
    uint32_t width;
    uint32_t height;
};

/*
 * One input. The picture's members are set for CLV_KIND_IMAGE: an element is
 * (x * scale - mean[c]) / std[c], c the channel in the model's order. `dtype`,
 * `rank` and `shape` (-1: free) are set for CLV_KIND_ARRAY.
 */
struct clv_card_input {
    char *name;
    enum clv_card_kind kind;
    size_t step_count;
    struct clv_card_step steps[CLV_CARD_STEPS];
    enum clv_card_channels channels;
    enum clv_card_layout layout;
    double scale;
    double mean[3];
    double std[3];
    cleave_type dtype;
    uint32_t rank;
    int64_t shape[CLEAVE_MAX_RANK];
};

/*
 * One output. `labels` are empty if the card names no file of them. Element
 * i of the output stands for class i - first_class.
 */
struct clv_card_output {
    char *name;
    char *labels_path; /* as in the card, or NULL */
    struct clv_names labels;
    int64_t first_class;
};

struct clv_card {
    char *path;
    enum clv_card_task task;
    enum clv_card_metric metric;
    size_t input_count;
    struct clv_card_input inputs[CLV_CARD_INPUTS];
    size_t output_count;
    struct clv_card_output outputs[CLV_CARD_OUTPUTS];
};

/*
 * Reads a card with the label files that it names. Errors point at
 * "path:line". CLEAVE_INVALID for what a card may not say (an unknown key, a
 * wrong type, a missing key, a value out of range), CLEAVE_CORRUPT for what
 * is not YAML, CLEAVE_NOT_FOUND for a missing file. The caller frees.
 */
cleave_status clv_card_read(const char *path, struct clv_card **ret_card,
                            cleave_error *err);

/* The same from bytes, without reading label files. */
cleave_status clv_card_new(clv_bytes bytes, const char *path,
                           struct clv_card **ret_card, cleave_error *err);

/* Takes NULL. */
void clv_card_free(struct clv_card *card);

/*
 * Where a model's card is looked for by default: "dir/model.onnx" has it at
 * "dir/model.yaml". Does not look whether it is there.
 */
cleave_status clv_card_default_path(const char *model_path,
                                    char into[CLV_PATH_MAX], cleave_error *err);

/*
 * Checks a card against a model: every input of the model is described, the
 * card describes nothing that the model lacks, and arrays have the model's
 * type and shape. `outputs` may be NULL: then they are not looked at.
 * CLEAVE_MISMATCH names what differs.
 */
cleave_status clv_card_check(const struct clv_card *card,
                             const cleave_tensor_info *inputs,
                             size_t input_count,
                             const cleave_tensor_info *outputs,
                             size_t output_count, cleave_error *err);

/* The input or output of this name, or NULL. Borrowed. */
const struct clv_card_input *clv_card_input(const struct clv_card *card,
                                            const char *name);
const struct clv_card_output *clv_card_output(const struct clv_card *card,
                                              const char *name);

/* The class that element `element` stands for; below 0 is no class. */
int64_t clv_card_class(const struct clv_card_output *output, uint64_t element);

/* The name of that element's class, or NULL if it has none. Borrowed. */
const char *clv_card_label(const struct clv_card_output *output,
                           uint64_t element);

#endif
