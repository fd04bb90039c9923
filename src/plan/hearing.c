/*
 * hearing.c - what the device of a simulation hears, and its probes.
 *
 * The list of news is short and unsorted: a handful of exchanges are under
 * way at once, and the earliest of them is found by looking at all.
 */
#include <math.h>

#include "plan/play.h"

#define PROBE_PATIENCE_NS 2e9
#define PROBE_ANSWER_BYTES 200

static const struct clv_simulation_options *options_of(const struct clv_play *p)
{
    return &p->world.options;
}

static void hear(struct clv_play *p, const struct clv_news *n)
{
    p->is_probing &= !n->is_probe;
    p->heard_ns = n->at_ns > p->heard_ns ? n->at_ns : p->heard_ns;
    if (n->kind == CLV_NEWS_LOST) {
        p->is_up = 0;
        return;
    }
    if (n->kind == CLV_NEWS_TIMEOUT) {
        clv_link_estimator_note_timeout(
            &p->link, n->at_ns, n->transfer.duration_ns, n->transfer.bytes_up);
        return;
    }
    p->is_up = 1;
    clv_link_estimator_note(&p->link, &n->transfer);
    if (!n->is_probe) {
        clv_load_estimator_note(&p->servers[n->server], n->at_ns,
                                n->measured_ns, n->profiled_ns);
    }
}

/* More than the list has room for is never under way at once. */
void clv_play_add_news(struct clv_play *p, const struct clv_news *n)
{
    if (p->news_count < CLV_NEWS && n->at_ns != INT64_MAX) {
        p->news[p->news_count++] = *n;
    }
}

static size_t earliest(const struct clv_play *p)
{
    size_t first = 0;

    for (size_t i = 1; i < p->news_count; i++) {
        first = p->news[i].at_ns < p->news[first].at_ns ? i : first;
    }
    return first;
}

/* News of an exchange that came through. */
struct clv_news clv_news_of(const struct clv_passage *passage, double bytes_up,
                            double bytes_down)
{
    struct clv_news n = {.at_ns = passage->answer_ns};

    n.transfer = (struct clv_transfer){
        .at_ns = passage->answer_ns,
        .duration_ns = (int64_t)fmin(passage->link_ns, 1e18),
        .bytes_up = (uint64_t)bytes_up,
        .bytes_down = (uint64_t)bytes_down,
        .tcp_rtt_ns = CLV_UNKNOWN,
        .tcp_rate_bps = CLV_UNKNOWN,
    };
    return n;
}

struct clv_news clv_news_of_timeout(int64_t at_ns, int64_t sent_ns,
                                    double bytes_up)
{
    struct clv_news n = {.at_ns = at_ns, .kind = CLV_NEWS_TIMEOUT};

    n.transfer.duration_ns = at_ns > sent_ns ? at_ns - sent_ns : 0;
    n.transfer.bytes_up = (uint64_t)bytes_up;
    return n;
}

static void probe(struct clv_play *p, int64_t at_ns)
{
    struct clv_link_view view = clv_link_estimator_look(&p->link, at_ns);
    double bytes = (double)clv_probing_bytes(p->is_up, &view);
    int64_t latest = clv_later(at_ns, PROBE_PATIENCE_NS);
    struct clv_passage passage = {0};
    struct clv_news n;

    clv_world_exchange(&p->world, at_ns, bytes, PROBE_ANSWER_BYTES, 0,
                       &passage);
    n = clv_news_of(&passage, bytes, PROBE_ANSWER_BYTES);
    if (passage.lost_ns != INT64_MAX) {
        n.kind = CLV_NEWS_LOST;
        n.at_ns = passage.lost_ns;
    } else if (passage.answer_ns > latest) {
        n = clv_news_of_timeout(latest, at_ns, bytes);
    }
    n.is_probe = 1;
    clv_probing_note(&p->probing, p->is_up, at_ns);
    p->is_probing = 1;
    p->result.probes++;
    p->result.bytes_up += bytes;
    clv_play_add_news(p, &n);
}

/* All that has happened by now, in its order. */
void clv_play_hear(struct clv_play *p, int64_t now_ns)
{
    for (;;) {
        size_t next = earliest(p);
        int64_t heard = p->news_count > 0 ? p->news[next].at_ns : INT64_MAX;
        int64_t due = INT64_MAX;
        if (options_of(p)->policy->learns != CLV_LEARNS_NOTHING &&
            !p->is_probing && p->nth > 0) {
            struct clv_link_view view =
                clv_link_estimator_look(&p->link, now_ns);
            due = clv_probing_due(&p->probing, p->is_up, &view, now_ns);
            due = due > p->heard_ns ? due : p->heard_ns;
        }
        if (heard > now_ns && due > now_ns) {
            return;
        }
        if (heard <= due) {
            struct clv_news n = p->news[next];
            p->news[next] = p->news[--p->news_count];
            hear(p, &n);
        } else {
            probe(p, due);
        }
    }
}

/* Begins as a live run does: a word with the server, and one of some size. */
int64_t clv_play_first_words(struct clv_play *p)
{
    int64_t now_ns = 0;

    if (options_of(p)->policy->learns == CLV_LEARNS_NOTHING) {
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        p->is_up = i;
        probe(p, now_ns);
        now_ns = p->news_count > 0 ? p->news[0].at_ns : now_ns;
        p->is_up = 1;
        clv_play_hear(p, now_ns);
    }
    return now_ns;
}
