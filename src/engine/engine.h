/*
 * engine.h - where and how a network runs on this machine.
 *
 * An engine has a name that says everything that matters to its speed:
 *
 *     cpu                         all cores, no spinning
 *     cpu:threads=2,spin=on       two threads that spin while waiting
 *     webgpu                      another provider of ONNX Runtime (or cuda)
 *     cpu:threads=1,slow=10       a machine that is ten times slower, emulated
 *     fake                        no network at all, for tests
 *
 * An engine turns ONNX files into sessions; a session runs. Behind the
 * functions here stands a small vtable (struct clv_engine_ops) with two
 * implementations: onnxruntime.c and fake.c.
 *
 * Lifetimes: sessions must be freed before their engine; the weights given
 * to a session must stay mapped until it is freed.
 * Threads: an engine and a session may be used by several threads at once;
 * a clv_outputs belongs to one thread.
 */
#ifndef CLV_ENGINE_H
#define CLV_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "cleave/tensor.h"

struct clv_engine;
struct clv_session;
struct clv_outputs;
struct clv_copies;

enum clv_optimise {
    CLV_OPTIMISE_NONE,     /* run the graph as it stands in the file */
    CLV_OPTIMISE_EXTENDED, /* fuse, but stay portable: what cuts are made on */
    CLV_OPTIMISE_ALL       /* also this machine's own layouts */
};

/* What a session is made from. Zero means default. */
struct clv_session_source {
    const char *path; /* an ONNX file */
    enum clv_optimise optimise;
    const char *save_path;        /* write the optimised graph here, or NULL */
    const cleave_tensor *weights; /* external initializers, already mapped */
    size_t weight_count;
    /* Copies of weights that the engine makes for its kernels go here, shared
       with other sessions; NULL: the session keeps its own. */
    struct clv_copies *copies;
    /* What the file declares of the network's ends; an engine that reads the
       file itself may ignore it. */
    const cleave_tensor_info *inputs;
    size_t input_count;
    const cleave_tensor_info *outputs;
    size_t output_count;
};

/*
 * Opens the engine with this name. CLEAVE_INVALID for a name that does not
 * parse (the text says which part), CLEAVE_UNSUPPORTED for a provider this
 * machine lacks. The caller closes it.
 */
cleave_status clv_engine_open(const char *name, struct clv_engine **ret_engine,
                              cleave_error *err);

/* Takes NULL. */
void clv_engine_close(struct clv_engine *engine);

/* The full name, every option spelt out, in a fixed order. Borrowed. */
const char *clv_engine_name(const struct clv_engine *engine);

/* Threads that one inference uses. */
uint32_t clv_engine_threads(const struct clv_engine *engine);

/*
 * The emulated slow-down, 1 if there is none. Each run of a session of such an
 * engine waits until it has taken so many times as long as it did.
 */
double clv_engine_slowdown(const struct clv_engine *engine);

/*
 * For work of the same emulated machine that no session does, packing for
 * instance: call it when the work is done that was begun at `began_ns` of the
 * machine's clock, and it returns when that machine would be done. Returns at
 * once without a slow-down.
 */
void clv_engine_hold_back(const struct clv_engine *engine, int64_t began_ns);

/*
 * What a saved optimised graph depends on besides its source: the engine's
 * version and the processor's features. Part of every cache key. Borrowed.
 */
const char *clv_engine_identity(const struct clv_engine *engine);

/*
 * Optimising for this machine, the engine keeps the channels of convolutions
 * in blocks of so many, where their number divides by it; 0 if it does not.
 */
uint32_t clv_engine_channel_block(const struct clv_engine *engine);

/*
 * True if the engine can write an optimised graph that it can later load.
 * One that cannot (WebGPU compiles at load) optimises at every load instead.
 */
int clv_engine_saves_graphs(const struct clv_engine *engine);

/*
 * Gives memory back to the system that the process keeps though nothing is in
 * it any more: of all engines' activations, and of the heap. Worth it after
 * sessions were freed, or made, which takes more than running does; then the
 * next runs take a little longer, since they have to ask for theirs again.
 * Takes milliseconds. Thread-safe, and sessions may run meanwhile.
 */
void clv_engines_give_back(void);

/*
 * A place for the engine's own copies of weights. Sessions that have the same
 * weights share them there; nothing in it is freed before all of it is. Takes
 * an engine that makes no copies, too. Must outlive its sessions; thread-safe.
 */
cleave_status clv_copies_new(struct clv_engine *engine,
                             struct clv_copies **ret_copies, cleave_error *err);

/* Takes NULL. */
void clv_copies_free(struct clv_copies *copies);

/* Loads a network. CLEAVE_ENGINE with the engine's own words on failure. */
cleave_status clv_session_new(struct clv_engine *engine,
                              const struct clv_session_source *source,
                              struct clv_session **ret_session,
                              cleave_error *err);

/* Takes NULL. No thread may be running it. */
void clv_session_free(struct clv_session *session);

/* The session's inputs and outputs, in the file's order. Borrowed. */
const cleave_tensor_info *clv_session_inputs(const struct clv_session *session,
                                             size_t *ret_count);
const cleave_tensor_info *clv_session_outputs(const struct clv_session *session,
                                              size_t *ret_count);

/* Storage for one run's outputs, reusable for the next run. */
cleave_status clv_outputs_new(struct clv_session *session,
                              struct clv_outputs **ret_outputs,
                              cleave_error *err);

/* Takes NULL. Must precede clv_session_free of its session. */
void clv_outputs_free(struct clv_outputs *outputs);

/*
 * One inference. `inputs` must be the session's inputs, in its order, with
 * shapes that fit and data that stays until the call returns (bytes are
 * borrowed, not copied). On success `outputs` holds the session's outputs
 * until the next run with it or clv_outputs_free.
 * CLEAVE_MISMATCH for wrong types or shapes, CLEAVE_ENGINE otherwise.
 */
cleave_status clv_session_run(struct clv_session *session,
                              const cleave_tensor *inputs, size_t input_count,
                              struct clv_outputs *outputs, cleave_error *err);

/* The outputs of the last run, in the session's order. Borrowed. */
const cleave_tensor *clv_outputs_tensors(const struct clv_outputs *outputs,
                                         size_t *ret_count);

#endif
