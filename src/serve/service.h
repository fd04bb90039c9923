/*
 * service.h - what all requests share, and the hook that tests hold on to.
 */
#ifndef CLV_SERVICE_H
#define CLV_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"
#include "cleave/server.h"
#include "serve/catalog.h"
#include "serve/journal.h"
#include "serve/parts.h"
#include "serve/receiving.h"

/* Called by a worker just before it computes; may block. */
struct clv_serve_hook {
    void (*before_run)(void *self);
    void *self;
};

struct clv_service {
    struct clv_catalog catalog;
    struct clv_parts *parts;
    struct clv_receivers *receivers;
    struct clv_journal journal;
    struct clv_clock clock;
    struct clv_serve_hook hook;
    atomic_bool draining;
};

/* cleave_server_open with a hook. */
cleave_status clv_server_open_hooked(const cleave_server_options *options,
                                     struct clv_serve_hook hook,
                                     cleave_server **ret_server,
                                     cleave_error *err);

#endif
