/*
 * routes.h - what a method and a path ask for, and the answers that need no
 * computing.
 */
#ifndef CLV_ROUTES_H
#define CLV_ROUTES_H

#include <stdbool.h>

#include "serve/reply.h"
#include "serve/service.h"

enum clv_route_kind {
    CLV_ROUTE_SERVER,      /* GET /v2 */
    CLV_ROUTE_LIVE,        /* GET /v2/health/live */
    CLV_ROUTE_READY,       /* GET /v2/health/ready */
    CLV_ROUTE_MODELS,      /* GET /v2/models */
    CLV_ROUTE_MODEL,       /* GET /v2/models/M[/versions/1] */
    CLV_ROUTE_MODEL_READY, /* GET /v2/models/M[/versions/1]/ready */
    CLV_ROUTE_INFER,       /* POST /v2/models/M[/versions/1]/infer */
    CLV_ROUTE_INFER_CUT    /* POST /v2/models/M[/versions/1]/cuts/CUT/infer */
};

/* Longer model names are not found. */
#define CLV_MODEL_NAME_MAX 256
#define CLV_ROUTE_CUT_MAX 1024

struct clv_route {
    enum clv_route_kind kind;
    char model[CLV_MODEL_NAME_MAX];
    char cut[CLV_ROUTE_CUT_MAX]; /* of CLV_ROUTE_INFER_CUT */
};

/* True for the routes that compute, and have a body. */
bool clv_route_infers(const struct clv_route *route);

/*
 * Understands a method and an unescaped path. CLEAVE_NOT_FOUND for a path
 * that leads nowhere; CLEAVE_INVALID for a method that the path does not
 * take, and then `ret_allow` names those it does (else it is NULL).
 */
cleave_status clv_route_parse(const char *method, const char *path,
                              struct clv_route *ret_route,
                              const char **ret_allow, cleave_error *err);

/* Answers every route but those that infer. Never blocks. */
void clv_route_answer(const struct clv_service *service,
                      const struct clv_route *route, struct clv_reply *reply);

#endif
