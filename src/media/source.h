/*
 * source.h - the samples of a run, from files and folders.
 *
 * A path may be
 *
 *     a picture            (JPEG, PNG, binary PPM or WebP) one sample,
 *                          prepared by the card
 *     a .npy file          one sample, or as many as are stacked in it
 *     a folder             the pictures in it, or else those in its folder
 *                          images/, or else its .npy files, sorted by name
 *     a folder of stacks   INPUT.npy for every input of the model; row i of
 *                          each makes sample i. A '/' in an input's name is
 *                          '_' in the file's
 *
 * A model with several inputs takes folders of stacks only, a model without
 * a card takes arrays only. An array for a picture's input is taken as
 * prepared already.
 *
 * A source is read-only once made: loading is safe from several threads, each
 * with its own sample. Arrays stay mapped as long as the source lives.
 */
#ifndef CLV_SOURCE_H
#define CLV_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "cleave/tensor.h"
#include "media/card.h"
#include "media/image.h"
#include "media/prepare.h"

/* The most files in a source, and of these the most arrays. */
#define CLV_SOURCE_FILES ((size_t)1 << 20)
#define CLV_SOURCE_ARRAYS ((size_t)16384)

/* Room for any clv_source_name. */
#define CLV_SOURCE_NAME 300

struct clv_source;

/*
 * One sample's tensors, in the model's order, and the memory that they need.
 * Reusable from load to load and from source to source. Belongs to one
 * thread.
 */
struct clv_sample {
    cleave_tensor tensors[CLV_CARD_INPUTS];
    size_t count;
    uint8_t *memory[CLV_CARD_INPUTS];
    size_t capacity[CLV_CARD_INPUTS];
    struct clv_image image;
    struct clv_preparer preparer;
};

/* Allocates nothing. */
void clv_sample_init(struct clv_sample *sample);

/* Gives the memory back. */
void clv_sample_fini(struct clv_sample *sample);

/*
 * Lists the samples in `paths`, in that order. `card` may be NULL; else it is
 * checked against the inputs and must outlive the source. `inputs` are the
 * model's, and are copied. Pictures are not decoded yet, so one that is
 * damaged or does not suit the model is an error of clv_source_load.
 * CLEAVE_MISMATCH for what does not go together, naming the file, what it is
 * and what is wanted; CLEAVE_NOT_FOUND for a missing file or a folder without
 * samples. The caller frees.
 */
cleave_status clv_source_new(const struct clv_card *card,
                             const cleave_tensor_info *inputs,
                             size_t input_count, const char *const *paths,
                             size_t path_count, struct clv_source **ret_source,
                             cleave_error *err);

/* Takes NULL. No sample loaded from it may be used afterwards. */
void clv_source_free(struct clv_source *source);

/* The number of samples, at least 1. */
uint64_t clv_source_count(const struct clv_source *source);

/* "pic.jpg", or "input_ids.npy[17]" where several are stacked. */
const char *clv_source_name(const struct clv_source *source, uint64_t sample,
                            char into[CLV_SOURCE_NAME]);

/* The path of the sample's (first) file. Borrowed. For clv_labels_find. */
const char *clv_source_file(const struct clv_source *source, uint64_t sample);

/* The sample's row in its file, 0 if it is alone. For clv_labels_find. */
uint64_t clv_source_row(const struct clv_source *source, uint64_t sample);

/*
 * Loads a sample below clv_source_count. Its tensors stay until the next load
 * with this clv_sample, its fini, or the end of the source, whichever is
 * first; they must only be read. Thread-safe for distinct clv_samples.
 */
cleave_status clv_source_load(const struct clv_source *source, uint64_t sample,
                              struct clv_sample *into, cleave_error *err);

/*
 * Loads a sample up to the picture that would be sent instead of its tensor:
 * the card's steps are done, the values are not. `into->image` has it until
 * the next load; `into->count` is 0. A source has pictures only where the
 * model has one input and its card says that it is an image, so what else
 * can be wrong is that this sample is an array: CLEAVE_UNSUPPORTED. Otherwise
 * as clv_source_load.
 */
cleave_status clv_source_load_picture(const struct clv_source *source,
                                      uint64_t sample, struct clv_sample *into,
                                      cleave_error *err);

/*
 * Makes the tensor of a sample after clv_source_load_picture: both together
 * are clv_source_load. For a device that had sent the picture and must
 * compute by itself after all. The picture stays as it is.
 */
cleave_status clv_source_fill(const struct clv_source *source,
                              struct clv_sample *into, cleave_error *err);

#endif
