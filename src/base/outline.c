/*
 * outline.c - one pass of libyaml's events into a small tree of lines.
 *
 * Nodes stand in one array, in the order of the file; each knows its parent,
 * its line, and its key or its place in a list. The levels that are open
 * while reading stand on a stack of fixed depth. Values are not kept: what
 * they mean is for whoever reads the file with a schema.
 *
 *     level:  node | list or mapping | entries so far | a key that waits
 *                                                       for its value
 */
#include "base/outline.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/fail.h"
#include "base/place.h"

#define NO_NODE UINT32_MAX

struct node {
    uint32_t parent;
    uint32_t line;
    uint32_t index; /* in a list */
    int has_key;
    char key[CLV_OUTLINE_KEY + 1];
};

struct clv_outline {
    uint32_t count;
    struct node *nodes;
};

struct level {
    uint32_t node;
    uint32_t entries;
    uint32_t waiting; /* a key's node that has no value yet, or NO_NODE */
    int is_mapping;
};

struct reader {
    yaml_parser_t parser;
    const char *path;
    cleave_error *err;
    struct clv_outline *outline;
    struct level levels[CLV_OUTLINE_DEPTH];
    uint32_t depth;
    uint32_t documents;
};

static cleave_status refuse(struct reader *r, cleave_status code, size_t line,
                            const char *text)
{
    return clv_fail_at(r->err, code, r->path, (unsigned)line + 1, "%s", text);
}

static cleave_status add_node(struct reader *r, size_t line, uint32_t *ret_node)
{
    struct clv_outline *o = r->outline;
    struct node *n = &o->nodes[o->count];

    if (o->count == CLV_OUTLINE_NODES) {
        return refuse(r, CLEAVE_LIMIT, line,
                      "The file has more keys and entries than any real one; "
                      "remove what does not belong.");
    }
    *n = (struct node){.parent = NO_NODE, .line = (uint32_t)line + 1};
    if (r->depth > 0) {
        struct level *top = &r->levels[r->depth - 1];
        n->parent = top->node;
        n->index = top->entries++;
    }
    *ret_node = o->count++;
    return CLEAVE_OK;
}

static int key_is_taken(const struct clv_outline *o, uint32_t node)
{
    const struct node *n = &o->nodes[node];

    for (uint32_t i = n->parent + 1; i < node; i++) {
        if (o->nodes[i].parent == n->parent &&
            strcmp(o->nodes[i].key, n->key) == 0) {
            return 1;
        }
    }
    return 0;
}

static cleave_status take_key(struct reader *r, const yaml_event_t *event)
{
    struct level *top = &r->levels[r->depth - 1];
    size_t line = event->start_mark.line;
    size_t length = event->data.scalar.length;
    uint32_t node = NO_NODE;
    cleave_status status;

    if (event->type != YAML_SCALAR_EVENT || length > CLV_OUTLINE_KEY) {
        return refuse(r, CLEAVE_UNSUPPORTED, line,
                      "A key must be one short word.");
    }
    status = add_node(r, line, &node);
    if (status != CLEAVE_OK) {
        return status;
    }
    memcpy(r->outline->nodes[node].key, event->data.scalar.value, length);
    r->outline->nodes[node].has_key = 1;
    if (key_is_taken(r->outline, node)) {
        return refuse(r, CLEAVE_CORRUPT, line,
                      "This key stands twice in the same place; keep one.");
    }
    top->waiting = node;
    return CLEAVE_OK;
}

static cleave_status open_level(struct reader *r, uint32_t node,
                                const yaml_event_t *event)
{
    if (r->depth == CLV_OUTLINE_DEPTH) {
        return refuse(r, CLEAVE_LIMIT, event->start_mark.line,
                      "The file is nested too deeply.");
    }
    r->levels[r->depth++] = (struct level){
        .node = node,
        .waiting = NO_NODE,
        .is_mapping = event->type == YAML_MAPPING_START_EVENT,
    };
    return CLEAVE_OK;
}

/* A scalar, or the start of a list or mapping: a key, a value or an entry. */
static cleave_status take_content(struct reader *r, const yaml_event_t *event)
{
    struct level *top = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;
    uint32_t node = NO_NODE;
    cleave_status status = CLEAVE_OK;

    if (top != NULL && top->is_mapping && top->waiting == NO_NODE) {
        return take_key(r, event);
    }
    if (top != NULL && top->is_mapping) {
        node = top->waiting;
        top->waiting = NO_NODE;
    } else {
        status = add_node(r, event->start_mark.line, &node);
    }
    if (status == CLEAVE_OK && event->type != YAML_SCALAR_EVENT) {
        status = open_level(r, node, event);
    }
    return status;
}

static int is_decorated(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return 1;
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor != NULL ||
               event->data.scalar.tag != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor != NULL ||
               event->data.sequence_start.tag != NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor != NULL ||
               event->data.mapping_start.tag != NULL;
    default:
        return 0;
    }
}

static cleave_status take(struct reader *r, const yaml_event_t *event)
{
    size_t line = event->start_mark.line;

    if (is_decorated(event)) {
        return refuse(r, CLEAVE_UNSUPPORTED, line,
                      "Anchors (&), aliases (*) and tags (!) are not used "
                      "here; write the value out, or quote it.");
    }
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (r->documents++ > 0) {
            return refuse(r, CLEAVE_UNSUPPORTED, line,
                          "A second document begins here; one file holds "
                          "one.");
        }
        return CLEAVE_OK;
    case YAML_SCALAR_EVENT:
        if (memchr(event->data.scalar.value, 0, event->data.scalar.length)) {
            return refuse(r, CLEAVE_CORRUPT, line,
                          "There is a zero byte in this text.");
        }
        return take_content(r, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return take_content(r, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        r->depth--;
        return CLEAVE_OK;
    default:
        return CLEAVE_OK;
    }
}

static cleave_status refuse_syntax(struct reader *r)
{
    char text[256];
    const yaml_parser_t *p = &r->parser;

    if (p->error == YAML_MEMORY_ERROR) {
        return clv_fail(r->err, CLEAVE_MEMORY, r->path, "No memory.");
    }
    snprintf(text, sizeof text, "This is not YAML: %s.",
             p->problem != NULL ? p->problem : "unreadable");
    return refuse(r, CLEAVE_CORRUPT, p->problem_mark.line, text);
}

static cleave_status read_events(struct reader *r)
{
    cleave_status status = CLEAVE_OK;
    int ended = 0;

    while (status == CLEAVE_OK && !ended) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event)) {
            return refuse_syntax(r);
        }
        ended = event.type == YAML_STREAM_END_EVENT;
        status = take(r, &event);
        yaml_event_delete(&event);
    }
    return status;
}

cleave_status clv_outline_new(clv_bytes bytes, const char *path,
                              struct clv_outline **ret_outline,
                              cleave_error *err)
{
    struct reader r = {.path = path, .err = err};
    cleave_status status;

    r.outline = calloc(1, sizeof *r.outline);
    if (r.outline != NULL) {
        r.outline->nodes = calloc(CLV_OUTLINE_NODES, sizeof(struct node));
    }
    if (r.outline == NULL || r.outline->nodes == NULL ||
        !yaml_parser_initialize(&r.parser)) {
        clv_outline_free(r.outline);
        return clv_fail_memory(err, path,
                               CLV_OUTLINE_NODES * sizeof(struct node));
    }
    yaml_parser_set_input_string(
        &r.parser, bytes.data != NULL ? bytes.data : (const uint8_t *)"",
        bytes.size);
    status = read_events(&r);
    yaml_parser_delete(&r.parser);
    if (status != CLEAVE_OK) {
        clv_outline_free(r.outline);
        return status;
    }
    *ret_outline = r.outline;
    return CLEAVE_OK;
}

void clv_outline_free(struct clv_outline *outline)
{
    if (outline != NULL) {
        free(outline->nodes);
        free(outline);
    }
}

/* The child of `parent` that the next part of `*at` names, or NO_NODE. */
static uint32_t child(const struct clv_outline *o, uint32_t parent,
                      const char **at)
{
    const char *part = *at + (**at == '.');
    int is_entry = *part == '[';
    size_t length = strcspn(part + is_entry, ".[]");
    unsigned long index = is_entry ? strtoul(part + 1, NULL, 10) : 0;

    *at = part + is_entry + length + (is_entry && part[1 + length] == ']');
    for (uint32_t i = parent + 1; i < o->count; i++) {
        const struct node *n = &o->nodes[i];
        if (n->parent != parent || n->has_key == is_entry) {
            continue;
        }
        if (is_entry ? n->index == index
                     : strlen(n->key) == length &&
                           memcmp(n->key, part, length) == 0) {
            return i;
        }
    }
    return NO_NODE;
}

unsigned clv_outline_line(const struct clv_outline *outline, const char *at)
{
    uint32_t node = 0;
    unsigned line = outline->count > 0 ? outline->nodes[0].line : 1;

    while (*at != '\0') {
        node = child(outline, node, &at);
        if (node == NO_NODE) {
            break;
        }
        line = outline->nodes[node].line;
    }
    return line;
}

unsigned clv_outline_line_of_key(const struct clv_outline *outline,
                                 const char *key, unsigned from)
{
    for (uint32_t i = 0; i < outline->count; i++) {
        const struct node *n = &outline->nodes[i];
        if (n->has_key && n->line >= from && strcmp(n->key, key) == 0) {
            return n->line;
        }
    }
    return 0;
}
