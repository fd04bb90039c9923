/*
 * ort.h - ONNX Runtime's C API in cleave's words.
 *
 * Each function here is one thing that onnxruntime.c wants of ONNX Runtime; a
 * refusal is CLEAVE_ENGINE with ONNX Runtime's own words behind "ONNX
 * Runtime:" and at `where`. Its objects are opaque and never NULL where one is
 * asked for; what is `new` here is freed here, and frees take NULL.
 *
 * clv_ort_check must have agreed before anything else is called. Threads: an
 * object may be used by several at once, except options, which belong to one;
 * clv_ort_env_new and clv_ort_try catch standard error (hush.h), so one of
 * them at a time in the process.
 */
#ifndef CLV_ORT_H
#define CLV_ORT_H

#include "engine/engine.h"
#include "engine/name.h"

struct OrtEnv;
struct OrtMemoryInfo;
struct OrtPrepackedWeightsContainer;
struct OrtSession;
struct OrtSessionOptions;
struct OrtValue;

/* The version that is linked, "1.22.0". */
const char *clv_ort_version(void);

/* CLEAVE_UNSUPPORTED if it is older than the API that cleave was built for. */
cleave_status clv_ort_check(cleave_error *err);

/* The providers compiled in, as ONNX Runtime calls them, `most` at most, each
   cut to `size` bytes. `*ret_count` counts on. */
cleave_status clv_ort_providers(char *names, size_t size, size_t most,
                                size_t *ret_count, cleave_error *err);

/*
 * The environment, of which a process has one at a time: a pool of threads,
 * and an arena for the activations of all sessions. ONNX's operators are
 * registered, so that no session does it.
 */
cleave_status clv_ort_env_new(uint32_t threads, int spin,
                              struct OrtEnv **ret_env, cleave_error *err);
void clv_ort_env_free(struct OrtEnv *env);

/* Frees what of the arena no value is in. Sessions may run meanwhile; what they
   need again they get again. */
cleave_status clv_ort_env_give_back(struct OrtEnv *env, cleave_error *err);

/*
 * Makes the least session there is with the provider of this name ("cpu",
 * "webgpu", "cuda"): one that this build lacks shows when it is appended, one
 * whose device this machine lacks only now.
 */
cleave_status clv_ort_try(struct OrtEnv *env, const char *scheme,
                          cleave_error *err);

/* How a session is to be made. */
struct clv_ort_wishes {
    const struct clv_engine_name *name;
    int is_pooled; /* the environment's threads; else some of its own */
    enum clv_optimise optimise;
    const char *save_path; /* write the optimised graph here, or NULL */
};

cleave_status clv_ort_options_new(const struct clv_ort_wishes *wishes,
                                  const char *where,
                                  struct OrtSessionOptions **ret_options,
                                  cleave_error *err);
void clv_ort_options_free(struct OrtSessionOptions *options);

/* Where tensors lie: the processor's memory. */
cleave_status clv_ort_memory_new(struct OrtMemoryInfo **ret_memory,
                                 cleave_error *err);
void clv_ort_memory_free(struct OrtMemoryInfo *memory);

/* Makes a tensor ONNX Runtime's without copying it. Its data must outlive the
   value. */
cleave_status clv_ort_wrap(const struct OrtMemoryInfo *memory,
                           const cleave_tensor *tensor, const char *where,
                           struct OrtValue **ret_value, cleave_error *err);

/* Room for a tensor whose dimensions are all known. It is not in the arena,
   which could give nothing back that lies around it. */
cleave_status clv_ort_room(const cleave_tensor_info *info, const char *where,
                           struct OrtValue **ret_value, cleave_error *err);

/*
 * Points a tensor at what is in `value`. Its type and shape are taken from
 * there unless `is_fixed`: then `tensor->info` has them.
 */
cleave_status clv_ort_view(struct OrtValue *value, int is_fixed,
                           const char *where, cleave_tensor *tensor,
                           cleave_error *err);
void clv_ort_value_free(struct OrtValue *value);

/* The session about to be made takes `value` as its initializer `name`. The
   value must outlive the session. */
cleave_status clv_ort_lend(struct OrtSessionOptions *options, const char *name,
                           const struct OrtValue *value, const char *where,
                           cleave_error *err);

/* A place for copies of weights that kernels have repacked. */
cleave_status clv_ort_copies_new(struct OrtPrepackedWeightsContainer **ret_held,
                                 cleave_error *err);
void clv_ort_copies_free(struct OrtPrepackedWeightsContainer *held);

/*
 * Kernels that repack weights share the copies in `held`, if they can: some
 * cannot, and refuse; then the session keeps copies of its own, as it does if
 * `held` is NULL.
 */
cleave_status clv_ort_session_new(struct OrtEnv *env, const char *path,
                                  const struct OrtSessionOptions *options,
                                  struct OrtPrepackedWeightsContainer *held,
                                  struct OrtSession **ret_session,
                                  cleave_error *err);
void clv_ort_session_free(struct OrtSession *session);

cleave_status clv_ort_count_ends(const struct OrtSession *session,
                                 const char *where, size_t *ret_inputs,
                                 size_t *ret_outputs, cleave_error *err);

/*
 * Reads what the session says of its input or output `i` into a zeroed
 * `info`. The name is the caller's to free, and may be there on failure, too.
 * Nothing else is written where ONNX Runtime does not know it.
 */
cleave_status clv_ort_read_end(const struct OrtSession *session, size_t i,
                               int is_output, const char *where,
                               cleave_tensor_info *info, cleave_error *err);

/* One run's ends: values by name. An output that is NULL is made. */
struct clv_ort_ends {
    const char *const *input_names;
    const struct OrtValue *const *inputs;
    size_t input_count;
    const char *const *output_names;
    struct OrtValue **outputs;
    size_t output_count;
};

cleave_status clv_ort_run(struct OrtSession *session,
                          const struct clv_ort_ends *ends, const char *where,
                          cleave_error *err);

#endif
