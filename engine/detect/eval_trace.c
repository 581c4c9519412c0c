/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/eval.h"

#define EVAL(name) eval_trace_##name
#define TRACES 1
#define TRACE_HELD(e, c, from, to) (e)->tracer->held((e)->tracer, c, from, to)
#define TRACE_FAILED(e, c, from, to) (e)->tracer->failed((e)->tracer, c, from, to)
#define TRACE_VALUE(e, v) ((e)->tracer->value = (v))
#define TRACE_SKIPS(e, c) (e)->tracer->skips((e)->tracer, c)

#include "engine/detect/eval_body.h"
