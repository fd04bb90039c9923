/*
 * outline.h - where things stand in a YAML file, and that it is tame.
 *
 * An outline is made in one pass over the file's events, before anything
 * else looks at it. It refuses what an application file never needs and a
 * hostile one lives from: anchors, aliases, tags, several documents, keys
 * that are not plain text, a key given twice, deep nesting, too many nodes.
 * What remains is a small tree that knows the line of each key and entry, so
 * that a check made much later can still point at its line.
 *
 * An outline owns all it holds; it does not borrow the file's bytes. It is
 * read-only once made, and may then be read by all threads.
 */
#ifndef CLV_OUTLINE_H
#define CLV_OUTLINE_H

#include <stddef.h>

#include "base/buffer.h"
#include "cleave/status.h"

/* Nesting of lists and mappings, the outermost one included. */
#define CLV_OUTLINE_DEPTH 8

/* Keys, entries and values that are lists or mappings, all together. */
#define CLV_OUTLINE_NODES 4096

/* The longest key, in bytes. */
#define CLV_OUTLINE_KEY 128

struct clv_outline;

/*
 * Reads the outline of a YAML document. `path` names it in errors, whose
 * `where` is "path:line". CLEAVE_CORRUPT if it is not YAML or has a key
 * twice, CLEAVE_UNSUPPORTED for what is refused by kind, CLEAVE_LIMIT for
 * what is refused by size. The caller frees.
 */
cleave_status clv_outline_new(clv_bytes bytes, const char *path,
                              struct clv_outline **ret_outline,
                              cleave_error *err);

/* Takes NULL. */
void clv_outline_free(struct clv_outline *outline);

/*
 * The line, counted from 1, of what `at` names: keys joined by dots, entries
 * of lists in brackets from 0, as in "input[0].prepare[1].crop". "" is the
 * document. If the file does not have it, the line of the nearest thing
 * around it that it has.
 */
unsigned clv_outline_line(const struct clv_outline *outline, const char *at);

/* The first line from `from` on where the key stands, or 0. */
unsigned clv_outline_line_of_key(const struct clv_outline *outline,
                                 const char *key, unsigned from);

#endif
