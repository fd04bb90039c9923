/*
 * device.h - the inside of a cleave_session, for the program and its tests.
 *
 * A session is one rig on one ground, with one server at most. All of it is
 * fixed when it opens.
 */
#ifndef CLV_DEVICE_H
#define CLV_DEVICE_H

#include "run/rig.h"

struct cleave_session {
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_gate gate;
    struct clv_ground ground;
    struct clv_clients clients; /* all zero if no server is needed */
    struct clv_rig *rig;
};

/*
 * session.c: the samples in these paths, as the session's model takes them,
 * and one inference on a sample. For the program, which runs many.
 */
cleave_status clv_session_source(const cleave_session *session,
                                 const char *const *paths, size_t count,
                                 struct clv_source **ret_source,
                                 cleave_error *err);
cleave_status clv_session_infer_sample(cleave_session *session,
                                       const struct clv_source *source,
                                       uint64_t sample,
                                       cleave_result **ret_result,
                                       cleave_error *err);

#endif
