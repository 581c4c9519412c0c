/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/engine_link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/run/engine_ask.h"
#include "engine/run/image.h"

/* Between looks: while rules settle, and else. */
#define SETTLING_MS 5
#define IDLE_MS 100
#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

static void answer(struct engine_link *l, uint32_t op, uint64_t ticket, int status)
{
	l->out.op = op;
	l->out.ticket = ticket;
	l->out.status = status;
	l->out.fds = 0;
	(void)link_send(l->options.fd, &l->out);
}

static void answer_plain(struct engine_link *l, uint32_t op, uint64_t ticket, int status)
{
	l->out.len = 0;
	answer(l, op, ticket, status);
}

/* --- rules ------------------------------------------------------------------------------------ */

static int take_rules(struct engine_link *l)
{
	struct generations *g = l->options.generations;
	struct link_message *m = &l->in;
	struct ruleset *rules;
	int err;

	if (m->fds < 2 || m->len != sizeof(l->coming))
		return -EBADMSG;
	if (!g->newest)
		return -EOPNOTSUPP;
	memcpy(&l->coming, m->text, sizeof(l->coming));
	err = image_open(m->fd[0], m->fd[1], l->options.settings, g->newest->rules, &rules);
	if (err)
		return err;
	return generations_publish(g, rules);
}

static void on_rules(struct engine_link *l)
{
	int err = l->settling ? -EBUSY : take_rules(l);

	if (err) {
		answer_plain(l, LINK_RULES, l->in.ticket, err);
		return;
	}
	l->settling = true;
	l->settling_ticket = l->in.ticket;
}

static void look_at_rules(struct engine_link *l)
{
	struct generations *g = l->options.generations;

	if (!g->newest)
		return;
	if (l->settling && generations_settled(g)) {
		l->settling = false;
		pthread_mutex_lock(&l->lock);
		l->now = l->coming;
		pthread_mutex_unlock(&l->lock);
		answer_plain(l, LINK_RULES, l->settling_ticket, 0);
	}
	generations_collect(g);
}

void engine_link_now(struct engine_link *l, struct engine_rules *out)
{
	pthread_mutex_lock(&l->lock);
	*out = l->now;
	pthread_mutex_unlock(&l->lock);
}

/* --- what rules cost -------------------------------------------------------------------------- */

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void take_costs(struct engine_link *l, struct rule_top *out)
{
	rule_top_take(l->options.generations->newest, l->options.workers->count, &l->cost_begin,
		      l->options.settings->stats_rule_costs, out);
}

/* Here, where rules come and go, since what is counted lies with them; just before it is asked for. */
static void look_at_costs(struct engine_link *l)
{
	const struct settings *s = l->options.settings;
	static struct rule_top taken;
	int64_t now = now_ns();

	if (!s->stats_enabled || !s->stats_rule_costs || now < l->next_costs_ns)
		return;
	while (l->next_costs_ns <= now)
		l->next_costs_ns += (int64_t)s->stats_interval_s * NS_PER_S;
	take_costs(l, &taken);
	pthread_mutex_lock(&l->lock);
	l->costs = taken;
	pthread_mutex_unlock(&l->lock);
}

void engine_link_costs(struct engine_link *l, struct rule_top *out)
{
	if (!l->started) {
		take_costs(l, out);
		return;
	}
	pthread_mutex_lock(&l->lock);
	*out = l->costs;
	pthread_mutex_unlock(&l->lock);
}

/* --- files ------------------------------------------------------------------------------------ */

static void on_files(struct engine_link *l)
{
	struct link_message *m = &l->in;
	bool taken = false;

	pthread_mutex_lock(&l->lock);
	if (!l->file_count && !l->files_taken && m->fds &&
	    m->fds == l->options.settings->output_count) {
		memcpy(l->files, m->fd, m->fds * sizeof(l->files[0]));
		l->file_count = m->fds;
		l->files_ticket = m->ticket;
		m->fds = 0;
		taken = true;
	}
	pthread_mutex_unlock(&l->lock);
	if (!taken)
		answer_plain(l, LINK_FILES, m->ticket, -EBUSY);
}

static void look_at_files(struct engine_link *l)
{
	bool taken;

	pthread_mutex_lock(&l->lock);
	taken = l->files_taken;
	l->files_taken = false;
	pthread_mutex_unlock(&l->lock);
	if (taken)
		answer_plain(l, LINK_FILES, l->files_ticket, 0);
}

unsigned engine_link_files(struct engine_link *l, int out[SETTINGS_OUTPUTS_MAX])
{
	unsigned n;

	pthread_mutex_lock(&l->lock);
	n = l->file_count;
	memcpy(out, l->files, n * sizeof(out[0]));
	l->file_count = 0;
	l->files_taken |= n > 0;
	pthread_mutex_unlock(&l->lock);
	return n;
}

/* --- the thread ------------------------------------------------------------------------------- */

static void on_ask(struct engine_link *l)
{
	struct engine_asked asked = {
		.text = l->in.text,
		.len = l->in.len,
		.file = l->in.fds ? l->in.fd[0] : -1,
		.settings = l->options.settings,
		.generations = l->options.generations,
		.xbits = l->options.xbits,
		.workers = l->options.workers,
		.cost_begin = &l->cost_begin,
		.out = l->out.text,
		.room = LINK_TEXT_BYTES,
	};
	int status = engine_ask(&asked);

	l->out.len = (uint32_t)asked.out_len;
	answer(l, LINK_ASK, l->in.ticket, status);
}

static void take(struct engine_link *l)
{
	switch (l->in.op) {
	case LINK_RULES:
		on_rules(l);
		break;
	case LINK_FILES:
		on_files(l);
		break;
	case LINK_ASK:
		on_ask(l);
		break;
	default:
		answer_plain(l, l->in.op, l->in.ticket, -EOPNOTSUPP);
		break;
	}
	link_drop_fds(&l->in);
}

static void *link_thread(void *arg)
{
	struct engine_link *l = arg;

	pthread_setname_np(pthread_self(), "weir-link");
	while (!atomic_load_explicit(&l->stop, memory_order_acquire)) {
		struct pollfd p = { .fd = l->options.fd, .events = POLLIN };
		int n;

		poll(&p, 1, l->settling ? SETTLING_MS : IDLE_MS);
		n = link_receive(l->options.fd, &l->in);
		if (n > 0)
			take(l);
		else if (n == -EPIPE)
			break;
		look_at_rules(l);
		look_at_files(l);
		look_at_costs(l);
	}
	return NULL;
}

int engine_link_start(const struct engine_link_options *opt, struct engine_link *l)
{
	int err;

	l->options = *opt;
	l->now = opt->rules;
	l->cost_begin = rule_top_begin();
	l->next_costs_ns = now_ns() + (int64_t)opt->settings->stats_interval_s * NS_PER_S -
			   2 * IDLE_MS * NS_PER_MS;
	pthread_mutex_init(&l->lock, NULL);
	err = pthread_create(&l->thread, NULL, link_thread, l);
	l->started = err == 0;
	return -err;
}

void engine_link_end(struct engine_link *l)
{
	if (!l->started)
		return;
	atomic_store_explicit(&l->stop, true, memory_order_release);
	pthread_join(l->thread, NULL);
	l->started = false;
}
