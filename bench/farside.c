/*
 * farside.c - what is far from a device: the server, and the link to it.
 *
 * The server is the program that users run. The relay works in this process,
 * so that its rate can step at a moment that the caller knows.
 */
#include "bench/farside.h"

#include <stdio.h>
#include <string.h>

#include "bench/stage.h"
#include "link/relay.h"

#define ENGINE "cpu:threads=1"
#define HTTP "http://"

static const char *host_of(const char *url)
{
    return strncmp(url, HTTP, strlen(HTTP)) == 0 ? url + strlen(HTTP) : url;
}

static void start_server(struct farside *far, const char *listen)
{
    const struct profiled *p = far->profiled;
    char cache[CLV_PATH_MAX];
    char log[CLV_PATH_MAX];
    const char *args[] = {"serve",    "--models", p->models, "--listen", listen,
                          "--engine", ENGINE,     "--cache", cache,      NULL};

    stage_path(cache, "%s/server-cache", p->folder);
    stage_path(log, "%s/serve.log", p->folder);
    child_start(&far->server, args, log);
    child_listening(&far->server, far->server_url);
}

static void open_relay(struct farside *far, const struct farside_link *link)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_relay_options o = {
        .to = host_of(far->server_url),
        .up = link->trace,
        .up_bps = link->up_bps,
        .down_bps = link->down_bps,
        .delay_ns = (int64_t)(link->rtt_ns / 2),
        .payload_only = 1,
    };

    stage_must(clv_relay_open(&o, &far->relay, &err), &err, "relay");
    snprintf(far->url, sizeof far->url, HTTP "127.0.0.1:%d",
             clv_relay_port(far->relay));
}

void farside_relink(struct farside *far, const struct farside_link *link)
{
    clv_relay_close(far->relay);
    far->relay = NULL;
    snprintf(far->url, sizeof far->url, HTTP "%s", host_of(far->server_url));
    if (link->up_bps > 0 || link->trace != NULL || link->rtt_ns > 0) {
        open_relay(far, link);
    }
}

void farside_open(struct farside *far, const struct profiled *profiled,
                  const struct farside_link *link)
{
    *far = (struct farside){.profiled = profiled};
    start_server(far, "127.0.0.1:0");
    farside_relink(far, link);
}

void farside_start_again(struct farside *far)
{
    char listen[CHILD_LINE];

    snprintf(listen, sizeof listen, "%s", host_of(far->server_url));
    start_server(far, listen);
}

void farside_close(struct farside *far)
{
    clv_relay_close(far->relay);
    child_stop(&far->server);
}

struct clv_conditions farside_conditions(const struct farside_link *link,
                                         double slowdown)
{
    struct clv_conditions c = clv_conditions_reference(1);

    c.slowdown = slowdown;
    c.reach[0].up_bps = link->up_bps;
    c.reach[0].down_bps =
        link->down_bps > 0 ? link->down_bps : 4 * link->up_bps;
    c.reach[0].rtt_ns = link->rtt_ns;
    return c;
}

void farside_set_rate(struct farside *far, double up_bps)
{
    clv_relay_set_rate(far->relay, up_bps, 0);
}

void farside_cut(struct farside *far, int cut)
{
    clv_relay_cut(far->relay, cut);
}
