/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     header    = action [ ":" scope ] protocol [ ":" hook ] addresses ports direction addresses ports
 *     direction = "->" | "<>" | "=>"
 *     addresses = [ "!" ] ( "any" | address | address "/" bits | address "-" address
 *                         | "$" name | "[" addresses { "," addresses } "]" )
 *     ports     = likewise, with number, number ":", ":" number, number ":" number
 *
 * Nested lists are one flat list: what stands under an even number of '!' is wanted, what stands
 * under an odd number is taken away from it.  An address family of which only unwanted members
 * are named wants all others.
 */
#include "parser/hook.h"
#include "parser/rule_parser.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NESTING_MAX 16
#define ITEMS_MAX 100000
#define ADDRESS_BITS_V4 32
#define ADDRESS_BITS_V6 128
#define PORT_MAX 65535

typedef unsigned __int128 u128;

struct range {
	u128 low, high;
};

struct ranges {
	struct range *r;
	size_t count, room;
};

/* One address or port expression under way. */
struct gather {
	struct rule_parser *p;
	bool ports;
	struct span shown; /* the words in the rule; a mistake inside a variable is shown there */
	const char *variables[NESTING_MAX];
	unsigned depth, items;
	struct ranges wanted[2], unwanted[2]; /* IPv4 and ports, IPv6 */
};

static void ranges_add(struct ranges *s, u128 low, u128 high)
{
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 16;
		struct range *r = realloc(s->r, room * sizeof(*r));

		if (!r)
			return;
		s->r = r;
		s->room = room;
	}
	s->r[s->count++] = (struct range){ low, high };
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

/* Sort and join what touches. */
static void ranges_normalize(struct ranges *s)
{
	size_t n = 0;

	if (s->count == 0)
		return;
	qsort(s->r, s->count, sizeof(*s->r), compare_ranges);
	for (size_t i = 1; i < s->count; i++) {
		struct range *last = &s->r[n];

		if (s->r[i].low > last->high && s->r[i].low - last->high > 1)
			s->r[++n] = s->r[i];
		else if (s->r[i].high > last->high)
			last->high = s->r[i].high;
	}
	s->count = n + 1;
}

/* wanted without unwanted, into out; both sorted and disjoint. */
static void ranges_subtract(const struct ranges *wanted, const struct ranges *unwanted,
			    struct ranges *out)
{
	size_t j = 0;

	for (size_t i = 0; i < wanted->count; i++) {
		u128 low = wanted->r[i].low, high = wanted->r[i].high;
		bool left = true;

		while (j < unwanted->count && unwanted->r[j].high < low)
			j++;
		for (size_t k = j; left && k < unwanted->count && unwanted->r[k].low <= high; k++) {
			if (unwanted->r[k].low > low)
				ranges_add(out, low, unwanted->r[k].low - 1);
			left = unwanted->r[k].high < high;
			low = unwanted->r[k].high + 1;
		}
		if (left)
			ranges_add(out, low, high);
	}
}

static u128 family_max(const struct gather *g, unsigned family)
{
	if (g->ports)
		return PORT_MAX;
	return family == 0 ? (u128)UINT32_MAX : ~(u128)0;
}

static const char *kind(const struct gather *g)
{
	return g->ports ? "port" : "address";
}

/* Where to show a mistake: in the rule itself, or at the variable that holds it. */
static struct span shown(const struct gather *g, struct span s)
{
	return g->depth > 0 ? g->shown : s;
}

/* " in $NAME" for a mistake inside a variable. */
static const char *inside(const struct gather *g)
{
	if (g->depth == 0)
		return "";
	return rule_say(g->p, " in the value of $%s", g->variables[g->depth - 1]);
}

static bool bad_address(struct gather *g, struct span s)
{
	const char *remedy = "write an address such as 192.0.2.1, 192.0.2.0/24, 2001:db8::/32 or "
			     "192.0.2.1-192.0.2.9, a variable such as $HOME_NET, or any";

	return rule_fail(g->p, shown(g, s), remedy, "expected an address%s, found %s", inside(g),
			 rule_quote(g->p, s));
}

/* The address alone; family 0 is IPv4, 1 IPv6. */
static bool read_address(struct span s, unsigned *family, u128 *out)
{
	uint8_t wire[16];
	char text[64];

	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	if (strlen(text) != s.len)
		return false;
	*out = 0;
	*family = 0;
	if (inet_pton(AF_INET, text, wire) == 1) {
		*out = load_be32(wire);
		return true;
	}
	*family = 1;
	if (inet_pton(AF_INET6, text, wire) != 1)
		return false;
	*out = (u128)load_be64(wire) << 64 | load_be64(wire + 8);
	return true;
}

/* The number of leading ones of a dotted mask, or -1 where ones follow a zero. */
static int mask_bits(uint32_t mask)
{
	int bits = 0;

	while (bits < ADDRESS_BITS_V4 && (mask & 1u << (ADDRESS_BITS_V4 - 1 - bits)))
		bits++;
	return bits == ADDRESS_BITS_V4 || (uint32_t)(mask << bits) == 0 ? bits : -1;
}

static bool read_prefix(struct gather *g, struct span s, size_t slash, struct ranges *to)
{
	struct span mask = span_from(s, slash + 1);
	unsigned family, mask_family;
	u128 address, mask_address, host;
	uint64_t bits;
	int width;

	if (!read_address(span_head(s, slash), &family, &address))
		return bad_address(g, s);
	width = family == 0 ? ADDRESS_BITS_V4 : ADDRESS_BITS_V6;
	if (family == 0 && read_address(mask, &mask_family, &mask_address) && mask_family == 0) {
		int n = mask_bits((uint32_t)mask_address);

		if (n < 0)
			return rule_fail(g->p, shown(g, mask),
					 "write the number of leading bits, as in 192.0.2.0/24",
					 "netmask %s%s has a one after a zero",
					 rule_quote(g->p, mask), inside(g));
		bits = (uint64_t)n;
	} else if (!span_u64(mask, &bits) || bits > (uint64_t)width) {
		return rule_fail(g->p, shown(g, mask),
				 rule_say(g->p, "write a number from 0 to %d after the '/'", width),
				 "expected the length of a prefix, 0 to %d,%s found %s", width,
				 inside(g), rule_quote(g->p, mask));
	}
	host = bits == 0 ? family_max(g, family) : ((u128)1 << ((uint64_t)width - bits)) - 1;
	address &= ~host;
	ranges_add(&to[family], address, address | host);
	return true;
}

static bool read_address_item(struct gather *g, struct span s, struct ranges *to)
{
	size_t slash = span_find(s, '/'), dash = span_find(s, '-');
	unsigned family, high_family;
	u128 low, high;

	if (slash < s.len)
		return read_prefix(g, s, slash, to);
	if (!read_address(span_trim(span_head(s, dash)), &family, &low))
		return bad_address(g, s);
	high = low;
	if (dash < s.len) {
		if (!read_address(span_trim(span_from(s, dash + 1)), &high_family, &high) ||
		    high_family != family)
			return bad_address(g, s);
		if (high < low)
			return rule_fail(g->p, shown(g, s), "write the lower address first",
					 "range %s%s ends before it begins", rule_quote(g->p, s),
					 inside(g));
	}
	ranges_add(&to[family], low, high);
	return true;
}

static bool read_port(struct span s, uint64_t when_empty, uint64_t *out)
{
	s = span_trim(s);
	if (s.len == 0) {
		*out = when_empty;
		return true;
	}
	return span_u64(s, out) && *out <= PORT_MAX;
}

static bool read_port_item(struct gather *g, struct span s, struct ranges *to)
{
	size_t colon = span_find(s, ':');
	uint64_t low, high;

	if (!read_port(span_head(s, colon), 0, &low) || s.len == 0)
		goto bad;
	high = low;
	if (colon < s.len && !read_port(span_from(s, colon + 1), PORT_MAX, &high))
		goto bad;
	if (high < low)
		return rule_fail(g->p, shown(g, s), "write the lower port first",
				 "range %s%s ends before it begins", rule_quote(g->p, s),
				 inside(g));
	ranges_add(&to[0], low, high);
	return true;
bad:
	return rule_fail(g->p, shown(g, s),
			 "write a port such as 80, 1024:, :1023 or 8000:8100, a variable such as "
			 "$HTTP_PORTS, or any",
			 "expected a port, 0 to 65535,%s found %s", inside(g), rule_quote(g->p, s));
}

static bool read_group(struct gather *g, struct span s, bool negated, unsigned nesting);

static bool unknown_variable(struct gather *g, struct span name, const char *text)
{
	const struct rule_parse_options *opt = g->p->opt;
	const char *const *names;
	const char *near = NULL;
	size_t count = 0;

	if (opt && opt->variable && opt->variable(opt->ctx, text, !g->ports))
		return rule_fail(
			g->p, shown(g, name),
			g->ports ? "write ports here, or a variable that holds ports"
				 : "write addresses here, or a variable that holds addresses",
			"variable '$%s'%s holds %s, not %s", text, inside(g),
			g->ports ? "addresses" : "ports", g->ports ? "ports" : "addresses");
	names = opt && opt->variable_names ? opt->variable_names(opt->ctx, g->ports) : NULL;
	while (names && names[count])
		count++;
	if (count > 0)
		near = diag_nearest(text, names, count);
	return rule_fail(g->p, shown(g, name),
			 near ? rule_say(g->p, "did you mean '$%s'?", near)
			      : rule_say(g->p,
					 "define it under vars: %s-groups: in the configuration",
					 kind(g)),
			 "variable '$%s'%s is not defined", text, inside(g));
}

static bool read_variable(struct gather *g, struct span s, bool negated, unsigned nesting)
{
	const struct rule_parse_options *opt = g->p->opt;
	struct span name = span_from(s, 1), whole = g->shown;
	const char *value = NULL;
	char text[64];
	bool ok;

	if (name.len == 0 || name.len >= sizeof(text))
		return rule_fail(g->p, shown(g, s), "write the name after '$', as in $HOME_NET",
				 "expected the name of a variable%s, found %s", inside(g),
				 rule_quote(g->p, s));
	memcpy(text, name.at, name.len);
	text[name.len] = '\0';
	if (opt && opt->variable)
		value = opt->variable(opt->ctx, text, g->ports);
	if (!value)
		return unknown_variable(g, s, text);
	for (unsigned i = 0; i < g->depth; i++) {
		if (strcmp(g->variables[i], text) == 0)
			return rule_fail(g->p, g->shown,
					 "correct the variable in the configuration",
					 "variable '$%s' holds itself", text);
	}
	if (g->depth == NESTING_MAX)
		return rule_fail(g->p, g->shown, "correct the variables in the configuration",
				 "more than %d variables inside each other", NESTING_MAX);
	if (g->depth == 0)
		g->shown = s;
	g->variables[g->depth++] = text;
	ok = read_group(g, span_of(value, strlen(value)), negated, nesting + 1);
	g->depth--;
	if (g->depth == 0)
		g->shown = whole;
	return ok;
}

static bool read_item(struct gather *g, struct span s, bool negated, unsigned nesting)
{
	struct ranges *to;

	/* Variables that name each other many times would never end. */
	if (++g->items > ITEMS_MAX)
		return rule_fail(g->p, shown(g, s), "write fewer, or ranges",
				 "more than %d items in one list%s", ITEMS_MAX, inside(g));

	while (s.len > 0 && s.at[0] == '!') {
		negated = !negated;
		s = span_trim(span_from(s, 1));
	}
	if (s.len > 0 && s.at[0] == '$')
		return read_variable(g, s, negated, nesting);
	if (s.len > 1 && s.at[0] == '[' && s.at[s.len - 1] == ']')
		return read_group(g, span_of(s.at + 1, s.len - 2), negated, nesting + 1);
	to = negated ? g->unwanted : g->wanted;
	if (span_is_nocase(s, "any")) {
		ranges_add(&to[0], 0, family_max(g, 0));
		if (!g->ports)
			ranges_add(&to[1], 0, family_max(g, 1));
		return true;
	}
	return g->ports ? read_port_item(g, s, to) : read_address_item(g, s, to);
}

/* The next item of a list up to a comma outside brackets; *unbalanced: a bracket has no partner. */
static struct span cut_item(struct span *rest, bool *unbalanced)
{
	struct span item;
	size_t i;
	int open = 0;

	for (i = 0; i < rest->len; i++) {
		char c = rest->at[i];

		open += (c == '[') - (c == ']');
		if (open < 0 || (c == ',' && open == 0))
			break;
	}
	*unbalanced = open != 0;
	item = span_trim(span_head(*rest, i));
	if (i < rest->len)
		*rest = span_from(*rest, i + 1);
	else
		*rest = span_of(NULL, 0);
	return item;
}

static bool read_list(struct gather *g, struct span s, unsigned nesting)
{
	struct span all = s;
	bool unbalanced;

	if (nesting > NESTING_MAX)
		return rule_fail(g->p, shown(g, s), "write one flat list",
				 "more than %d lists inside each other%s", NESTING_MAX, inside(g));
	while (s.at) {
		struct span item = cut_item(&s, &unbalanced);

		if (unbalanced)
			return rule_fail(g->p, shown(g, all), "close each '[' with one ']'",
					 "brackets do not pair in %s%s", rule_quote(g->p, all),
					 inside(g));
		if (item.len == 0) {
			/* A comma after the last item is let pass. */
			if (!s.at && (item.at != all.at))
				break;
			return rule_fail(
				g->p, shown(g, span_of(item.at, 1)),
				rule_say(g->p, "write %s between the brackets and commas, or any",
					 g->ports ? "a port" : "an address"),
				"expected %s%s, found nothing", g->ports ? "a port" : "an address",
				inside(g));
		}
		if (!read_item(g, item, false, nesting))
			return false;
	}
	return true;
}

/* What is wanted of one family, into out. */
static void finish_family(struct gather *g, unsigned family, struct ranges *out)
{
	struct ranges *wanted = &g->wanted[family], *unwanted = &g->unwanted[family];

	if (wanted->count == 0 && unwanted->count > 0)
		ranges_add(wanted, 0, family_max(g, family));
	ranges_normalize(wanted);
	ranges_normalize(unwanted);
	ranges_subtract(wanted, unwanted, out);
}

/*
 * A list inside another one.  What it negates is negated for the other too; of one that is itself negated it is what
 * is left that is not wanted: ![10.0.0.0/8,!10.1.0.0/16] is what lies outside of 10/8, and 10.1/16.
 */
static bool read_group(struct gather *g, struct span s, bool negated, unsigned nesting)
{
	struct gather outer = *g;
	bool ok;

	if (!negated)
		return read_list(g, s, nesting);
	memset(g->wanted, 0, sizeof(g->wanted));
	memset(g->unwanted, 0, sizeof(g->unwanted));
	ok = read_list(g, s, nesting);
	for (unsigned f = 0; f < 2; f++) {
		struct ranges left = { NULL, 0, 0 };

		if (ok)
			finish_family(g, f, &left);
		free(g->wanted[f].r);
		free(g->unwanted[f].r);
		g->wanted[f] = outer.wanted[f];
		g->unwanted[f] = outer.unwanted[f];
		for (size_t i = 0; i < left.count; i++)
			ranges_add(&g->unwanted[f], left.r[i].low, left.r[i].high);
		free(left.r);
	}
	return ok;
}

static bool is_full(const struct gather *g, unsigned family, const struct ranges *s)
{
	return s->count == 1 && s->r[0].low == 0 && s->r[0].high == family_max(g, family);
}

static struct ip_addr address_of(u128 v)
{
	struct ip_addr a;

	for (int i = 15; i >= 0; i--) {
		a.bytes[i] = (uint8_t)v;
		v >>= 8;
	}
	return a;
}

static void keep_addresses(struct gather *g, const struct ranges *v4, const struct ranges *v6,
			   struct address_set *out)
{
	struct arena *arena = &g->p->set->arena;

	*out = (struct address_set){ .any = is_full(g, 0, v4) && is_full(g, 1, v6) };
	if (out->any)
		return;
	out->v4 = arena_alloc(arena, v4->count * sizeof(*out->v4));
	out->v6 = arena_alloc(arena, v6->count * sizeof(*out->v6));
	if (!out->v4 || !out->v6)
		return;
	for (size_t i = 0; i < v4->count; i++)
		out->v4[i] = (struct range_v4){ (uint32_t)v4->r[i].low, (uint32_t)v4->r[i].high };
	for (size_t i = 0; i < v6->count; i++)
		out->v6[i] =
			(struct range_v6){ address_of(v6->r[i].low), address_of(v6->r[i].high) };
	out->v4_count = (unsigned)v4->count;
	out->v6_count = (unsigned)v6->count;
}

static void keep_ports(struct gather *g, const struct ranges *s, struct port_set *out)
{
	*out = (struct port_set){ .any = is_full(g, 0, s) };
	if (out->any)
		return;
	out->ranges = arena_alloc(&g->p->set->arena, s->count * sizeof(*out->ranges));
	if (!out->ranges)
		return;
	for (size_t i = 0; i < s->count; i++)
		out->ranges[i] =
			(struct port_range){ (uint16_t)s->r[i].low, (uint16_t)s->r[i].high };
	out->count = (unsigned)s->count;
}

static bool gather(struct rule_parser *p, struct span words, bool ports, struct header_cache *out)
{
	struct gather g = { .p = p, .ports = ports, .shown = words };
	struct ranges result[2] = { { NULL, 0, 0 }, { NULL, 0, 0 } };
	bool ok = read_list(&g, words, 0);

	if (ok) {
		finish_family(&g, 0, &result[0]);
		finish_family(&g, 1, &result[1]);
		if (result[0].count + result[1].count == 0)
			ok = rule_fail(p, words,
				       rule_say(p, "leave out one of the '!', or write any"),
				       "no %s is left: all that %s wants is negated", kind(&g),
				       rule_quote(p, words));
	}
	if (ok && ports)
		keep_ports(&g, &result[0], &out->port_set);
	else if (ok)
		keep_addresses(&g, &result[0], &result[1], &out->addresses);
	if (ok && !ports)
		out->addresses.negated = g.unwanted[0].count + g.unwanted[1].count > 0;
	for (unsigned i = 0; i < 2; i++) {
		free(result[i].r);
		free(g.wanted[i].r);
		free(g.unwanted[i].r);
	}
	return ok;
}

/* The slot of these words; filled now where it holds others. */
static const struct header_cache *lookup(struct rule_parser *p, struct span words, bool ports)
{
	uint32_t h = ports ? 0x811c9dc4u : 0x811c9dc5u;
	struct header_cache *slot, fresh = { .text = NULL };

	for (size_t i = 0; i < words.len; i++)
		h = (h ^ (uint8_t)words.at[i]) * 0x01000193u;
	slot = &p->cache[(h ^ h >> 16) % RULE_CACHE_SLOTS];
	if (slot->text && slot->ports == ports && slot->len == words.len &&
	    memcmp(slot->text, words.at, words.len) == 0)
		return slot;
	if (!gather(p, words, ports, &fresh))
		return NULL;
	fresh.text = rule_string(p, words);
	fresh.len = words.len;
	fresh.ports = ports;
	*slot = fresh;
	return slot;
}

const struct address_set *rule_addresses(struct rule_parser *p, struct span words)
{
	const struct header_cache *found = lookup(p, words, false);

	return found ? &found->addresses : NULL;
}

static const struct {
	const char *name;
	enum rule_action action;
} actions[] = {
	{ "alert", ACTION_ALERT },
	{ "pass", ACTION_PASS },
	{ "drop", ACTION_DROP },
	{ "reject", ACTION_REJECT },
	{ "rejectsrc", ACTION_REJECT },
	{ "rejectdst", ACTION_REJECT_DST },
	{ "rejectboth", ACTION_REJECT_BOTH },
	{ "config", ACTION_CONFIG },
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

/* Actions of other engines and of firewall mode, and what to write in their place. */
static const struct {
	const char *name, *instead;
} other_actions[] = {
	{ "log", "alert" },  { "activate", "alert" }, { "dynamic", "alert" },
	{ "sdrop", "drop" }, { "block", "drop" },     { "accept", "pass" },
};

/* What follows the ':' of an action. */
static bool read_scope(struct rule_parser *p, struct span s)
{
	enum rule_action a = p->rule.action;

	if (a == ACTION_ALERT || a == ACTION_CONFIG)
		return rule_fail(p, s, "write the action alone",
				 "a scope (%s) is for drop, pass and reject only",
				 rule_quote(p, s));
	if (span_is(s, "packet"))
		p->rule.scope = SCOPE_PACKET;
	else if (span_is(s, "flow"))
		p->rule.scope = SCOPE_FLOW;
	else
		return rule_fail(p, s, "write packet or flow after the ':'",
				 "expected the scope of an action, found %s", rule_quote(p, s));
	return true;
}

static bool read_action(struct rule_parser *p, struct span s)
{
	struct span name = span_head(s, span_find(s, ':'));
	const char *names[ACTIONS];
	const char *remedy = NULL;

	for (size_t i = 0; i < ACTIONS; i++) {
		names[i] = actions[i].name;
		if (!span_is_nocase(name, names[i]))
			continue;
		p->rule.action = actions[i].action;
		return name.len == s.len || read_scope(p, span_from(s, name.len + 1));
	}
	for (size_t i = 0; i < sizeof(other_actions) / sizeof(other_actions[0]); i++) {
		if (span_is_nocase(name, other_actions[i].name))
			remedy = rule_say(p, "write '%s'", other_actions[i].instead);
	}
	if (!remedy)
		remedy = rule_nearest(p, s, names, ACTIONS,
				      "begin the rule with alert, pass, drop or reject; "
				      "begin a comment with '#'");
	return rule_fail(p, s, remedy, "expected an action, found %s", rule_quote(p, s));
}

static const struct {
	const char *name;
	enum rule_proto proto;
} protos[] = {
	{ "tcp", RULE_PROTO_TCP },	   { "udp", RULE_PROTO_UDP },
	{ "ip", RULE_PROTO_IP },	   { "icmp", RULE_PROTO_ICMP },
	{ "tcp-pkt", RULE_PROTO_TCP_PKT }, { "tcp-stream", RULE_PROTO_TCP_STREAM },
	{ "icmpv4", RULE_PROTO_ICMPV4 },   { "icmpv6", RULE_PROTO_ICMPV6 },
	{ "ipv4", RULE_PROTO_IPV4 },	   { "ip4", RULE_PROTO_IPV4 },
	{ "ipv6", RULE_PROTO_IPV6 },	   { "ip6", RULE_PROTO_IPV6 },
	{ "sctp", RULE_PROTO_SCTP },	   { "pkthdr", RULE_PROTO_PKTHDR },
};
#define PROTOS (sizeof(protos) / sizeof(protos[0]))

/* Names that a header may say: those of packets, of application protocols, and of several of these. */
#define NAMES_MAX (PROTOS + APP_PROTO__COUNT + 2)

static size_t proto_names(const char *names[NAMES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < PROTOS; i++)
		names[count++] = protos[i].name;
	for (unsigned i = APP_PROTO_FAILED + 1; i < APP_PROTO__COUNT; i++)
		names[count++] = app_proto_rule_name((enum app_proto)i);
	names[count++] = "http";
	names[count++] = "ssl";
	return count;
}

static bool unknown_hook(struct rule_parser *p, struct span hook, enum app_proto app)
{
	const char *names[32];
	size_t count = hook_names(app, names, sizeof(names) / sizeof(names[0]));

	return rule_fail(p, hook.len ? hook : p->proto_span,
			 rule_nearest(p, hook, names, count,
				      app == APP_PROTO_UNKNOWN
					      ? "write all, flow_start, pre_flow or pre_stream"
					      : "docs/rules.md lists the steps of each protocol"),
			 "expected a step of %s, found %s", rule_quote(p, p->proto_span),
			 rule_quote(p, hook));
}

/* Where several protocols are meant and one of them is parsed, that one. */
static uint64_t one_built(uint64_t apps)
{
	uint64_t built = 0;

	for (unsigned i = 0; i < APP_PROTO__COUNT; i++) {
		if ((apps >> i & 1) && app_proto_built((enum app_proto)i))
			built |= APP_PROTO_BIT(i);
	}
	return built && !(built & (built - 1)) ? built : apps;
}

/* What follows the ':' of a protocol. */
static bool read_hook(struct rule_parser *p, struct span hook, uint64_t apps)
{
	enum app_proto app = APP_PROTO_UNKNOWN;

	/* Every protocol has these: of those that are meant, it is the one that is parsed. */
	if ((apps & (apps - 1)) && hook_is_common(hook.at, hook.len))
		apps = one_built(apps);
	if (apps & (apps - 1))
		return rule_fail(p, p->proto_span, "name the one: http1 or http2, dns or doh2",
				 "%s stands for several protocols, which have steps of their own",
				 rule_quote(p, p->proto_span));
	while (apps && !(apps >> app & 1))
		app++;
	p->rule.hook = (int16_t)(apps ? hook_find_app(app, hook.at, hook.len)
				      : hook_find_packet(hook.at, hook.len));
	if (p->rule.hook < 0)
		return unknown_hook(p, hook, app);
	if (!apps)
		return true;
	return rule_need_direction(p,
				   hook_row(p->rule.hook)->direction ? BUFFER_TO_CLIENT
								     : BUFFER_TO_SERVER,
				   p->proto_span);
}

static bool app_is_built(uint64_t apps)
{
	for (unsigned i = 0; i < APP_PROTO__COUNT; i++) {
		if ((apps >> i & 1) && app_proto_built((enum app_proto)i))
			return true;
	}
	return false;
}

/* A protocol above the transport; false: there is none of that name. */
static bool read_app(struct rule_parser *p, struct span name)
{
	char text[32];
	uint64_t apps;

	if (name.len >= sizeof(text))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	text[name.len] = '\0';
	apps = app_proto_find(text, name.len);
	if (!apps || apps == APP_PROTO_BIT(APP_PROTO_FAILED))
		return false;
	p->rule.proto = RULE_PROTO_APP;
	p->rule.app_proto = rule_shared_string(p, span_of(text, name.len));
	p->rule.app_protos = apps;
	if (!app_is_built(apps))
		rule_warn(p, name,
			  "write 'tcp' or 'udp' to look at the payload, or put '#' before the rule "
			  "until the parser is there",
			  "no parser for '%s' yet: the rule never fires", text);
	return true;
}

static bool read_proto(struct rule_parser *p, struct span s)
{
	size_t colon = span_find(s, ':'), i = 0, count;
	struct span name = span_head(s, colon);
	const char *names[NAMES_MAX];

	p->proto_span = s;
	while (i < PROTOS && !span_is_nocase(name, protos[i].name))
		i++;
	if (i < PROTOS) {
		p->rule.proto = protos[i].proto;
	} else if (!read_app(p, name)) {
		count = proto_names(names);
		return rule_fail(p, s,
				 rule_nearest(p, name, names, count,
					      "write tcp, udp, icmp, ip or the name of an "
					      "application protocol"),
				 "expected a protocol, found %s", rule_quote(p, s));
	}
	return colon == s.len || read_hook(p, span_from(s, colon + 1), p->rule.app_protos);
}

static bool is_direction(struct span s)
{
	/* Asked of each character of a header. */
	if (s.len < 2 || (s.at[0] != '-' && s.at[0] != '<' && s.at[0] != '='))
		return false;
	return span_starts(s, "->") || span_starts(s, "<>") || span_starts(s, "<-") ||
	       span_starts(s, "=>");
}

/*
 * The next word of the header, up to a blank outside brackets, a direction or '('.  A bracket that
 * is still open there is told in *open.
 */
static struct span next_word(struct span *rest, bool *open)
{
	struct span s = *rest, word;
	unsigned brackets = 0;
	size_t i = 0;

	while (s.len > 0 && span_blank(s.at[0]))
		s = span_from(s, 1);
	if (is_direction(s)) {
		i = 2;
	} else {
		for (; i < s.len; i++) {
			char c = s.at[i];

			if (c == '(' || is_direction(span_from(s, i)) ||
			    (brackets == 0 && span_blank(c)))
				break;
			if (c == '[')
				brackets++;
			else if (c == ']' && brackets > 0)
				brackets--;
		}
	}
	*open = brackets > 0;
	word = span_trim(span_head(s, i));
	*rest = span_from(s, i);
	return word;
}

static const char header_form[] =
	"write the header as: action protocol source port -> destination port";

/* A word of the header that is neither missing nor a direction nor left open. */
static bool want_word(struct rule_parser *p, struct span *rest, const char *what, struct span *out)
{
	bool open;
	struct span word = next_word(rest, &open);

	*out = word;
	if (open)
		return rule_fail(p, word, "close each '[' with one ']'",
				 "'[' without its ']' in %s", rule_quote(p, word));
	if (word.len > 0 && !is_direction(word))
		return true;
	if (word.len == 0)
		word = span_head(*rest, 1);
	return rule_fail(p, word, header_form, "expected %s, found %s", what, rule_quote(p, word));
}

static bool read_direction(struct rule_parser *p, struct span *rest)
{
	bool open;
	struct span word = next_word(rest, &open);

	if (span_is(word, "->"))
		return true;
	if (span_is(word, "<>")) {
		p->rule.bidirectional = true;
		return true;
	}
	if (span_is(word, "<-"))
		return rule_fail(p, word, "swap the two sides and write '->'",
				 "'<-' is no direction");
	if (span_is(word, "=>"))
		return p->rule.transactional = true;
	if (word.len == 0)
		word = span_head(*rest, 1);
	return rule_fail(p, word, header_form, "expected '->', '<>' or '=>', found %s",
			 rule_quote(p, word));
}

/* One side: addresses and ports.  False: the words themselves are not there, stop. */
static bool read_side(struct rule_parser *p, struct span *rest, const char *address_name,
		      const char *port_name, struct address_set *addresses, struct port_set *ports)
{
	const struct header_cache *found;
	struct span word;

	if (!want_word(p, rest, address_name, &word))
		return false;
	found = lookup(p, word, false);
	if (found)
		*addresses = found->addresses;
	if (!want_word(p, rest, port_name, &word))
		return false;
	found = lookup(p, word, true);
	if (found)
		*ports = found->port_set;
	return true;
}

static bool read_words(struct rule_parser *p, struct span *rest)
{
	struct rule *r = &p->rule;
	struct span word;

	if (!want_word(p, rest, "an action", &word) || !read_action(p, word))
		return false;
	if (!want_word(p, rest, "a protocol", &word))
		return false;
	read_proto(p, word);
	/* What is wrong with the rest of a rule that does not load anyway can wait. */
	if (p->unbuilt)
		return false;
	return read_side(p, rest, "the source address", "the source port", &r->src, &r->sport) &&
	       read_direction(p, rest) &&
	       read_side(p, rest, "the destination address", "the destination port", &r->dst,
			 &r->dport);
}

bool rule_header(struct rule_parser *p, struct span *rest)
{
	bool whole = read_words(p, rest);
	struct span s = *rest;

	while (s.len > 0 && span_blank(s.at[0]))
		s = span_from(s, 1);
	if (s.len > 0 && s.at[0] == '(') {
		*rest = s;
		return true;
	}
	if (whole) {
		rule_fail(p, span_head(s, s.len ? 1 : 0),
			  "put the options in parentheses after the header: (msg:\"...\"; sid:1;)",
			  "expected '(' after the header, found %s", rule_quote(p, s));
		return false;
	}
	/* The header was told to be wrong; the options may still be looked at. */
	*rest = span_from(s, span_find(s, '('));
	return rest->len > 0;
}
