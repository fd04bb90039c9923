/*
 * feed.h - samples in files, for designs of several models.
 *
 * Each variant of a task takes its inputs in its own way: another size,
 * another card. A feed holds the paths, and a source (media/source.h) for
 * each variant that was asked for. The samples are the same and in the same
 * order for all. Thread-safe, but for init and fini.
 */
#ifndef CLV_FEED_H
#define CLV_FEED_H

#include <pthread.h>

#include "media/source.h"
#include "run/application.h"
#include "run/rig.h"

struct clv_feed {
    char **paths; /* copies */
    size_t count;
    pthread_mutex_t lock;
    struct clv_source *sources[CLV_VARIANTS];
};

/* CLEAVE_MEMORY. Fini takes an all-zero feed. */
cleave_status clv_feed_init(struct clv_feed *feed, const char *const *paths,
                            size_t count, cleave_error *err);
void clv_feed_fini(struct clv_feed *feed);

/* The samples as this variant takes them, whose ground it is. Borrowed. */
cleave_status clv_feed_source(struct clv_feed *feed, uint32_t variant,
                              const struct clv_ground *ground,
                              const struct clv_source **ret_source,
                              cleave_error *err);

#endif
