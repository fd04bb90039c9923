/*
 * stage.h - networks and their halves set up to be measured.
 *
 * Everything here ends the program with a message if it fails: a benchmark
 * has no better answer. Not thread-safe.
 */
#ifndef CLV_STAGE_H
#define CLV_STAGE_H

#include "base/file.h"
#include "network/network.h"
#include "store/store.h"

/* What the networks of a section run on. */
struct stage {
    struct clv_engine *engine;
    struct clv_store *store;
};

/* Something that runs: a part, the tensors it takes, and its outputs. */
struct runner {
    struct clv_part *part;
    struct clv_outputs *outputs;
    cleave_tensor *inputs;
    size_t input_count;
    /* Where each input comes from: >= 0 an output of the runner before,
       < 0 the network's own input -1 - from. */
    int *from;
};

/* One network with inputs to run it on. */
struct subject {
    struct clv_network *network;
    char name[128]; /* the file's stem */
    cleave_tensor *inputs;
    size_t input_count;
};

/* Ends the program with the error, unless there is none. */
void stage_must(cleave_status status, const cleave_error *err,
                const char *doing);

/*
 * The folder with the test data: the environment's CLEAVE_DATA, or the
 * shared one beside this tree; NULL if there is none.
 */
const char *stage_data(void);

/* The folder for optimised networks, beside the benchmark's program. */
void stage_cache(char into[CLV_PATH_MAX]);

/* Prints a path. */
__attribute__((format(printf, 2, 3))) void stage_path(char into[CLV_PATH_MAX],
                                                      const char *format, ...);

/* A symbolic link at `to`, whatever stood there, that leads to the file
   `from`. */
void stage_link(const char *from, const char *to);

void stage_open(struct stage *stage, const char *engine, const char *cache);
void stage_close(struct stage *stage);

/* Opens a network and makes inputs for it: noise, or ones for integers. */
void subject_open(struct subject *subject, const struct stage *stage,
                  const char *path);
void subject_close(struct subject *subject);

/*
 * Loads a part and readies it to be run. `before` is the head of a tail,
 * NULL otherwise.
 */
void runner_open(struct runner *runner, const struct subject *subject,
                 enum clv_part_kind kind, const char *cut,
                 const struct runner *before);
void runner_close(struct runner *runner);

/* One run; a tail takes what `before` has made last. */
void runner_run(struct runner *runner, const struct runner *before);

/* Calls `visit` for every *.onnx of a folder, in the order of names. */
void stage_each_model(const char *folder,
                      void (*visit)(void *self, const char *path), void *self);

#endif
