/*
 * parts.h - the parts that the server keeps loaded.
 *
 * A request names a part by the tensors it brings. Parts are loaded when
 * first asked for and stay until memory is short: then the one that has not
 * been used for the longest time goes. A part in use never goes. Loading
 * happens outside of the lock: it keeps only those waiting that want the
 * same part, and they share the one load.
 * Thread-safe.
 */
#ifndef CLV_PARTS_H
#define CLV_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "engine/engine.h"
#include "network/network.h"
#include "serve/journal.h"

struct clv_parts;
struct clv_loaded;

/* A part in use by one request. */
struct clv_part_use {
    struct clv_session *session;
    struct clv_outputs *outputs; /* for this request alone */
    struct clv_loaded *loaded;
    /* Its inputs in the order in which they stand in a message: a tail's in
       network order, those of the whole in the model's. Borrowed. */
    const char *const *names;
    size_t name_count;
};

/* `memory_limit` is in bytes; the journal is borrowed. */
cleave_status clv_parts_new(uint64_t memory_limit,
                            const struct clv_journal *journal,
                            struct clv_parts **ret_parts, cleave_error *err);

/* Unloads all. No part may be in use. Takes NULL. */
void clv_parts_free(struct clv_parts *parts);

/*
 * Takes the part of `network` whose inputs are exactly `names`, in whatever
 * order: the whole if they are the model's inputs, else the tail behind
 * them. Loads it if need be; waits for another's load until `deadline_ns`
 * of the machine's clock (0: for ever). CLEAVE_NOT_FOUND if the tensors do
 * not cut the network, CLEAVE_LIMIT if the part alone is larger than the
 * memory limit, CLEAVE_TIMEOUT.
 */
cleave_status clv_parts_take(struct clv_parts *parts,
                             struct clv_network *network,
                             const char *const *names, size_t count,
                             int64_t deadline_ns, struct clv_part_use *ret_use,
                             cleave_error *err);

/*
 * The same for who must not be kept: takes the part only if it is loaded and
 * its runs have lately taken no longer than `most_ns`. Returns 0 if not.
 */
int clv_parts_take_quick(struct clv_parts *parts,
                         const struct clv_network *network,
                         const char *const *names, size_t count,
                         int64_t most_ns, struct clv_part_use *ret_use);

/*
 * Both again for a part that is named by its cut: `input` is the whole, any
 * other name the tail behind these tensors. Besides, CLEAVE_NOT_FOUND for a
 * name of no cut.
 */
cleave_status clv_parts_take_cut(struct clv_parts *parts,
                                 struct clv_network *network, const char *cut,
                                 int64_t deadline_ns,
                                 struct clv_part_use *ret_use,
                                 cleave_error *err);
int clv_parts_take_cut_quick(struct clv_parts *parts,
                             const struct clv_network *network, const char *cut,
                             int64_t most_ns, struct clv_part_use *ret_use);

/*
 * Gives a part back after a run of `run_ns`, or 0 if it was not run. Returns
 * how long its runs take lately.
 */
int64_t clv_parts_give(struct clv_parts *parts, struct clv_part_use *use,
                       int64_t run_ns);

/* How many parts are loaded. */
size_t clv_parts_count(struct clv_parts *parts);

#endif
