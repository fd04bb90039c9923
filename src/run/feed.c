/*
 * feed.c - samples in files, for designs of several models.
 */
#include "run/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

cleave_status clv_feed_init(struct clv_feed *feed, const char *const *paths,
                            size_t count, cleave_error *err)
{
    *feed = (struct clv_feed){.paths = calloc(count + 1, sizeof(char *))};
    if (feed->paths == NULL) {
        return clv_fail_memory(err, "inputs", count * sizeof(char *));
    }
    pthread_mutex_init(&feed->lock, NULL);
    while (feed->count < count) {
        feed->paths[feed->count] = strdup(paths[feed->count]);
        if (feed->paths[feed->count] == NULL) {
            clv_feed_fini(feed);
            return clv_fail_memory(err, "inputs", count * sizeof(char *));
        }
        feed->count++;
    }
    return CLEAVE_OK;
}

void clv_feed_fini(struct clv_feed *feed)
{
    if (feed->paths == NULL) {
        return;
    }
    for (size_t i = 0; i < CLV_VARIANTS; i++) {
        clv_source_free(feed->sources[i]);
    }
    for (size_t i = 0; i < feed->count; i++) {
        free(feed->paths[i]);
    }
    free(feed->paths);
    pthread_mutex_destroy(&feed->lock);
    *feed = (struct clv_feed){0};
}

cleave_status clv_feed_source(struct clv_feed *feed, uint32_t variant,
                              const struct clv_ground *ground,
                              const struct clv_source **ret_source,
                              cleave_error *err)
{
    size_t inputs;
    const cleave_tensor_info *infos =
        clv_network_inputs(ground->network, &inputs);
    cleave_status status = CLEAVE_OK;

    if (variant >= CLV_VARIANTS) {
        return clv_fail(err, CLEAVE_LIMIT, "inputs",
                        "At most %d models can take them.", CLV_VARIANTS);
    }
    pthread_mutex_lock(&feed->lock);
    if (feed->sources[variant] == NULL) {
        status = clv_source_new(ground->card, infos, inputs,
                                (const char *const *)feed->paths, feed->count,
                                &feed->sources[variant], err);
    }
    if (status == CLEAVE_OK) {
        *ret_source = feed->sources[variant];
    }
    pthread_mutex_unlock(&feed->lock);
    return status;
}
