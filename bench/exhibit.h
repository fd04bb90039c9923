/*
 * exhibit.h - a trained network with its data, and the cuts it is shown at.
 *
 * Cuts are chosen by rule, not by result: of all cuts those of one f32 tensor
 * with more than one position (the last two of at least three dimensions) and
 * at most 200,000 elements, thinned evenly in the order of their heads' work.
 * Inputs are divided as `cleave rate` does: some teach, all others examine.
 *
 * Everything here ends the program with a message if it fails. One thread.
 */
#ifndef CLV_EXHIBIT_H
#define CLV_EXHIBIT_H

#include "bench/apart.h"
#include "bench/stage.h"
#include "codec/calibration.h"
#include "media/card.h"
#include "media/labels.h"
#include "media/source.h"
#include "profile/sampling.h"

#define EXHIBIT_CUTS 8
#define EXHIBIT_ELEMENTS 200000

/* How much is measured; `--quick` asks for little, to try the benchmark. */
struct effort {
    int quick;
    uint64_t teach;   /* inputs */
    uint64_t examine; /* at most; 0: all others */
    size_t cuts;      /* of a network */
    size_t inputs;    /* whose tensors are looked at one by one */
    size_t rounds;    /* of a median */
};

/* Where a network and its data are. */
struct exhibit_place {
    const char *models; /* below the data folder */
    const char *name;   /* of the file and the card */
    const char *inputs;
    int is_cifar; /* the inputs are in CIFAR's layout */
};

struct exhibit {
    struct stage stage;
    const char *name;
    uint64_t teach;
    struct clv_network *network;
    struct clv_card *card;
    struct clv_labels *labels;
    struct clv_source *source;
    struct clv_sampling sampling;
    const struct clv_cut *cuts[EXHIBIT_CUTS]; /* those chosen */
    size_t cut_count;
    size_t eligible; /* before they were thinned */
};

/* The networks that the coders were made with, the dearest first. */
#define EXHIBIT_KNOWN 3
const struct exhibit_place *exhibit_known(size_t index);

/* Opens a network below the folder `data`, with at most `cuts` cuts. */
void exhibit_open(struct exhibit *exhibit, const char *data,
                  const struct exhibit_place *place,
                  const struct effort *effort, size_t cuts);
void exhibit_close(struct exhibit *exhibit);

/* How many elements travel if the cut is of one f32 tensor with more than one
   position; 0 if not. */
uint64_t exhibit_elements(const struct clv_cut *cut);

/*
 * A cut's calibration, learnt from the inputs that teach, or found in the
 * store where this program has learnt it before. The caller frees.
 */
struct clv_calibration *exhibit_calibrate(struct exhibit *exhibit,
                                          const char *cut);

/* One network of those known, cut by cut, as a job of apart_run. */
struct exhibit_job {
    const char *data;
    const struct effort *effort;
    void (*look)(struct exhibit *exhibit, const char *cut,
                 const struct effort *effort, void *result);
};
void exhibit_run(void *job, size_t index, void *result);

/* Told of the tensor at a cut; it is gone after the call. */
typedef void exhibit_visit(void *self, const cleave_tensor *tensor);

/* Shows the tensors at a cut of `inputs` inputs that examine, spread evenly. */
void exhibit_show(struct exhibit *exhibit, const char *cut, size_t inputs,
                  exhibit_visit *visit, void *self);

#endif
