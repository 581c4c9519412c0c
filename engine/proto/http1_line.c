/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/http1_line.h"

#include "engine/base/ascii.h"

size_t http1_find_nocase(struct bytes b, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= b.len; i++)
		if (http1_equal_nocase(bytes_slice(b, i, n), word))
			return i;
	return b.len;
}

/* How much of b is word, NULs left out; 0: it is not. */
static size_t name_at(struct bytes b, const char *word)
{
	size_t i = 0;

	for (; *word; word++) {
		while (i < b.len && b.data[i] == 0)
			i++;
		if (i == b.len || ascii_lower(b.data[i]) != (uint8_t)*word)
			return 0;
		i++;
	}
	return i;
}

bool http1_is_name(struct bytes b, const char *word)
{
	size_t n;

	if (http1_equal_nocase(b, word))
		return true;
	n = name_at(b, word);
	while (n && n < b.len && b.data[n] == 0)
		n++;
	return n && n == b.len;
}

bool http1_has_word(struct bytes b, const char *word)
{
	for (size_t i = 0; i < b.len; i++)
		if (name_at(bytes_slice(b, i, b.len), word))
			return true;
	return false;
}

uint32_t http1_name_hash(struct bytes name)
{
	char kept[HTTP1_HASHED_MAX];
	size_t len = 0;

	if (!name.len || !memchr(name.data, 0, name.len))
		return http1_name_hash_plain((const char *)name.data, name.len);
	for (size_t i = 0; i < name.len && len < sizeof(kept); i++) {
		if (name.data[i])
			kept[len++] = (char)name.data[i];
	}
	return http1_name_hash_plain(kept, len);
}

void http1_odd(struct http1_event *ev, enum app_event odd)
{
	for (uint8_t i = 0; i < ev->odd_count; i++)
		if (ev->odds[i] == odd)
			return;
	if (ev->odd_count < HTTP1_ODDS_MAX)
		ev->odds[ev->odd_count++] = (uint8_t)odd;
}

size_t http1_unfold(struct bytes value, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if (c == '\n')
			continue;
		if (c == '\r' && i + 1 < value.len &&
		    (value.data[i + 1] == '\n' || value.data[i + 1] == ' ' ||
		     value.data[i + 1] == '\t'))
			continue;
		out[n++] = c;
	}
	return n;
}

/* Methods that begin a request behind another message. */
bool http1_method_known(struct bytes m)
{
	static const char *const known[] = {
		"GET",
		"POST",
		"HEAD",
		"PUT",
		"OPTIONS",
		"CONNECT",
		"DELETE",
		"TRACE",
		"PATCH",
		"MKCOL",
		"PROPFIND",
		"PROPPATCH",
		"COPY",
		"MOVE",
		"LOCK",
		"UNLOCK",
		"REPORT",
		"VERSION-CONTROL",
		"CHECKOUT",
		"CHECKIN",
		"UNCHECKOUT",
		"UPDATE",
		"LABEL",
		"MKWORKSPACE",
		"BASELINE-CONTROL",
		"MKACTIVITY",
		"MERGE",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i]) == m.len && memcmp(known[i], m.data, m.len) == 0)
			return true;
	return false;
}

/* HTTP-version = "HTTP" "/" DIGIT "." DIGIT; any case, and zeros in front of the number. */
static enum http1_version version_of(struct bytes proto, struct http1_event *ev)
{
	struct bytes number;
	enum http1_version v;
	size_t zeros = 0;

	if (proto.len < 8 || !http1_equal_nocase(bytes_slice(proto, 0, 5), "http/"))
		return HTTP1_VERSION_BAD;
	number = bytes_slice(proto, 5, proto.len);
	while (number.len > 3 && number.data[0] == '0') {
		number = bytes_slice(number, 1, number.len);
		zeros++;
	}
	if (http1_equal_nocase(number, "1.1"))
		v = HTTP1_1_1;
	else if (http1_equal_nocase(number, "1.0"))
		v = HTTP1_1_0;
	else if (http1_equal_nocase(number, "0.9"))
		v = HTTP1_0_9;
	else
		return HTTP1_VERSION_BAD;
	if (zeros || v == HTTP1_0_9)
		http1_odd(ev, APP_EVENT_HTTP_PROTOCOL_CONTAINS_EXTRA_DATA);
	return v;
}

static size_t word_end(struct bytes b, size_t at)
{
	while (at < b.len && !http1_is_space(b.data[at]))
		at++;
	return at;
}

static size_t space_end(struct bytes b, size_t at)
{
	while (at < b.len && http1_is_space(b.data[at]))
		at++;
	return at;
}

/*
 * The protocol is what stands behind the last SP; where there is none, behind the last white
 * space of another kind.  Spaces before it belong to the target.
 */
static void split_target(struct bytes rest, struct http1_event *ev)
{
	size_t at = rest.len;
	size_t other = rest.len;

	for (size_t i = rest.len; i-- > 0;) {
		if (rest.data[i] == ' ') {
			at = i;
			break;
		}
		if (other == rest.len && http1_is_space(rest.data[i]))
			other = i;
	}
	if (at == rest.len)
		at = other;
	ev->uri = http1_trim(bytes_slice(rest, 0, at));
	ev->protocol = http1_trim(bytes_slice(rest, at, rest.len));
	for (size_t i = 0; i <= at && i < rest.len; i++)
		if (rest.data[i] != ' ' && http1_is_space(rest.data[i]))
			http1_odd(ev, APP_EVENT_HTTP_URI_DELIM_NON_COMPLIANT);
}

/* request-line = method SP request-target SP HTTP-version CRLF */
void http1_request_line(struct bytes line, struct http1_event *ev)
{
	struct bytes rest = http1_trim(line);
	size_t end = word_end(rest, 0);
	size_t next = space_end(rest, end);
	bool known;

	if (line.len && http1_is_space(line.data[0]))
		http1_odd(ev, APP_EVENT_HTTP_REQUEST_LINE_LEADING_WHITESPACE);
	ev->method = bytes_slice(rest, 0, end);
	for (size_t i = end; i < next; i++)
		if (rest.data[i] != ' ')
			http1_odd(ev, APP_EVENT_HTTP_METHOD_DELIM_NON_COMPLIANT);
	split_target(bytes_slice(rest, next, rest.len), ev);
	known = http1_method_known(ev->method);
	if (ev->method.len == 0)
		http1_odd(ev, APP_EVENT_HTTP_REQUEST_LINE_UNKNOWN_METHOD);
	if (ev->protocol.len == 0) {
		ev->version = HTTP1_VERSION_NONE;
		if (!known && ev->method.len)
			http1_odd(ev, APP_EVENT_HTTP_REQUEST_LINE_UNKNOWN_METHOD_NO_PROTOCOL);
		return;
	}
	ev->version = version_of(ev->protocol, ev);
	if (!known && ev->version == HTTP1_VERSION_BAD)
		http1_odd(ev, APP_EVENT_HTTP_REQUEST_LINE_UNKNOWN_METHOD_INVALID_PROTOCOL);
}

/* status-code = 3DIGIT, of 100 and more; zeros in front are passed over */
static uint16_t status_code(struct bytes s)
{
	uint32_t code = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return 0;
		code = code * 10 + (uint32_t)(s.data[i] - '0');
		if (code > 999)
			return 0;
	}
	return code >= 100 ? (uint16_t)code : 0;
}

/* status-line = HTTP-version SP status-code SP [ reason-phrase ] CRLF */
void http1_status_line(struct bytes line, struct http1_event *ev)
{
	struct bytes rest = line;
	size_t end;
	size_t at;
	size_t status_end;

	while (rest.len && (rest.data[0] == 0 || http1_is_space(rest.data[0])))
		rest = bytes_slice(rest, 1, rest.len);
	rest = http1_trim(rest);
	end = word_end(rest, 0);
	at = space_end(rest, end);
	status_end = word_end(rest, at);
	ev->protocol = bytes_slice(rest, 0, end);
	ev->version = version_of(ev->protocol, ev);
	if (ev->version == HTTP1_VERSION_BAD)
		http1_odd(ev, APP_EVENT_HTTP_RESPONSE_LINE_INVALID_PROTOCOL);
	ev->status = bytes_slice(rest, at, status_end - at);
	ev->code = status_code(ev->status);
	if (ev->code == 0)
		http1_odd(ev, APP_EVENT_HTTP_RESPONSE_LINE_INVALID_RESPONSE_STATUS);
	ev->reason = http1_trim(bytes_slice(rest, status_end, rest.len));
}

/* Letters and hyphens, as most names are. */
static bool is_usual(uint64_t w)
{
	return (word_letters(w) | word_each_is(w, '-')) == WORD_HIGH;
}

static bool is_usual_name(struct bytes b)
{
	if (b.len < 4)
		return false;
	if (b.len <= WORD_BYTES)
		return is_usual(word_of_few(b.data, b.len));
	for (size_t i = 0; i < b.len - WORD_BYTES; i += WORD_BYTES) {
		if (!is_usual(word_at(b.data + i)))
			return false;
	}
	return is_usual(word_at(b.data + b.len - WORD_BYTES));
}

bool http1_is_token(struct bytes b)
{
	/* By 64 characters: a bit each. */
	static const uint64_t token[4] = { 0x03ff6cfa00000000, 0x57ffffffc7fffffe };

	if (is_usual_name(b))
		return true;
	for (size_t i = 0; i < b.len; i++) {
		if (!(token[b.data[i] / 64] >> b.data[i] % 64 & 1))
			return false;
	}
	return true;
}

static bool has_end(struct bytes b)
{
	return b.len && (memchr(b.data, '\n', b.len) || memchr(b.data, '\r', b.len));
}

/* field-line = field-name ":" OWS field-value OWS, each line behind it that begins with white space */
void http1_header(struct bytes raw, enum http1_side side, bool first, struct http1_event *ev)
{
	bool request = side == HTTP1_REQUEST;
	struct bytes line = raw;
	struct bytes name;
	const uint8_t *colon;

	while (line.len && (line.data[line.len - 1] == '\n' || line.data[line.len - 1] == '\r'))
		line.len--;
	colon = line.len ? memchr(line.data, ':', line.len) : NULL;
	if (!colon) {
		ev->hash = 0;
		ev->value = http1_trim(line);
		ev->folded = has_end(ev->value);
		http1_odd(ev, request ? APP_EVENT_HTTP_REQUEST_FIELD_MISSING_COLON
				      : APP_EVENT_HTTP_RESPONSE_FIELD_MISSING_COLON);
		return;
	}
	name = bytes_slice(line, 0, (size_t)(colon - line.data));
	ev->name = http1_trim(name);
	ev->hash = http1_name_hash(ev->name);
	ev->value = http1_trim(bytes_slice(line, name.len + 1, line.len));
	ev->folded = has_end(ev->value);
	if (ev->name.len == 0) {
		http1_odd(ev, request ? APP_EVENT_HTTP_REQUEST_FIELD_MISSING_COLON
				      : APP_EVENT_HTTP_RESPONSE_FIELD_MISSING_COLON);
		return;
	}
	if (first && (name.data[0] == ' ' || name.data[0] == '\t'))
		http1_odd(ev, request ? APP_EVENT_HTTP_INVALID_REQUEST_FIELD_FOLDING
				      : APP_EVENT_HTTP_INVALID_RESPONSE_FIELD_FOLDING);
	if (http1_is_space(name.data[name.len - 1]))
		http1_odd(ev, request ? APP_EVENT_HTTP_REQUEST_INVALID_LWS_AFTER_NAME
				      : APP_EVENT_HTTP_RESPONSE_INVALID_LWS_AFTER_NAME);
	if (!http1_is_token(ev->name) || (name.data[0] >= '\n' && name.data[0] <= '\r'))
		http1_odd(ev, request ? APP_EVENT_HTTP_REQUEST_HEADER_INVALID
				      : APP_EVENT_HTTP_RESPONSE_HEADER_NAME_NOT_TOKEN);
}

enum http1_length http1_content_length(struct bytes value, uint64_t *out, struct http1_event *ev)
{
	struct bytes v = http1_trim(value);
	uint64_t n = 0;
	size_t i = 0;

	while (i < v.len && (v.data[i] < '0' || v.data[i] > '9'))
		i++;
	if (i == v.len)
		return HTTP1_LENGTH_BAD;
	if (i)
		http1_odd(ev, APP_EVENT_HTTP_CONTENT_LENGTH_EXTRA_DATA_START);
	for (; i < v.len && v.data[i] >= '0' && v.data[i] <= '9'; i++) {
		if (n > (uint64_t)INT64_MAX / 10 - 1)
			return HTTP1_LENGTH_BAD;
		n = n * 10 + (uint64_t)(v.data[i] - '0');
	}
	if (i < v.len)
		http1_odd(ev, APP_EVENT_HTTP_CONTENT_LENGTH_EXTRA_DATA_END);
	*out = n;
	return HTTP1_LENGTH_GOOD;
}
