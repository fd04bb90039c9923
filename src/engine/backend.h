/*
 * backend.h - what stands behind an engine: the vtable and the common part
 * of each object, for the files of this folder only.
 *
 * Who calls what: engine.c parses the name once and calls `open`; it checks
 * arguments against the session's declared forms before `run`, so a backend
 * sees only fitting tensors. A backend fills the `inputs` and `outputs` of a
 * session in `load`; their names live as long as the session.
 */
#ifndef CLV_BACKEND_H
#define CLV_BACKEND_H

#include "engine/engine.h"
#include "engine/name.h"

struct clv_engine_ops {
    cleave_status (*open)(const struct clv_engine_name *name,
                          struct clv_engine **ret_engine, cleave_error *err);
    void (*close)(struct clv_engine *engine);
    /* The backend's handle for shared copies, or NULL if it makes none. */
    cleave_status (*share)(struct clv_engine *engine, void **ret_held,
                           cleave_error *err);
    void (*unshare)(struct clv_engine *engine, void *held);
    cleave_status (*load)(struct clv_engine *engine,
                          const struct clv_session_source *source,
                          struct clv_session **ret_session, cleave_error *err);
    void (*unload)(struct clv_session *session);
    cleave_status (*run)(struct clv_session *session,
                         const cleave_tensor *inputs,
                         struct clv_outputs *outputs, cleave_error *err);
    /* Gives back what runs left in `outputs`; a run does so itself for what
       it does not use again. */
    void (*release)(struct clv_outputs *outputs);
};

/* First member of every backend's own struct. */
struct clv_engine {
    const struct clv_engine_ops *ops;
    char name[128];
    char identity[256];
    uint32_t threads;
    uint32_t slow_milli; /* as in struct clv_engine_name */
    uint32_t channel_block;
    int saves_graphs;
};

struct clv_copies {
    struct clv_engine *engine;
    void *held;
};

struct clv_session {
    struct clv_engine *engine;
    cleave_tensor_info *inputs;
    size_t input_count;
    cleave_tensor_info *outputs;
    size_t output_count;
};

struct clv_outputs {
    struct clv_session *session;
    cleave_tensor *tensors; /* one per output of the session */
    void **held;            /* the backend's own handle behind each */
};

/*
 * What ONNX Runtime has compiled in: its version, and the providers' names as
 * it calls them, `most` at most. Opens nothing.
 */
#define CLV_PROVIDER_TEXT 48
cleave_status clv_onnxruntime_look(char (*names)[CLV_PROVIDER_TEXT],
                                   size_t most, size_t *ret_count,
                                   const char **ret_version, cleave_error *err);

/* Frees what ONNX Runtime keeps of activations though no session uses it. */
void clv_onnxruntime_give_back(void);

extern const struct clv_engine_ops clv_onnxruntime_ops;
extern const struct clv_engine_ops clv_fake_ops;

#endif
