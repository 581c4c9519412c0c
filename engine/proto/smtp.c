/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/smtp.h"

#include "engine/base/ascii.h"

static const struct {
	const char *name;
	enum smtp_verb verb;
} verbs[] = {
	{ "HELO", SMTP_HELO },	       { "EHLO", SMTP_EHLO }, { "MAIL", SMTP_MAIL },
	{ "RCPT", SMTP_RCPT },	       { "DATA", SMTP_DATA }, { "BDAT", SMTP_BDAT },
	{ "RSET", SMTP_RSET },	       { "AUTH", SMTP_AUTH }, { "VRFY", SMTP_VRFY },
	{ "EXPN", SMTP_EXPN },	       { "HELP", SMTP_HELP }, { "NOOP", SMTP_NOOP },
	{ "STARTTLS", SMTP_STARTTLS }, { "QUIT", SMTP_QUIT },
};

static struct bytes trim(struct bytes b)
{
	while (b.len && ascii_is_blank(b.data[0]))
		b = bytes_slice(b, 1, b.len);
	while (b.len && ascii_is_blank(b.data[b.len - 1]))
		b.len--;
	return b;
}

/* word is in capitals. */
static bool starts(struct bytes b, const char *word)
{
	size_t i = 0;

	for (; word[i]; i++) {
		if (i >= b.len || ascii_upper(b.data[i]) != (uint8_t)word[i])
			return false;
	}
	return true;
}

bool smtp_command_read(struct bytes line, struct smtp_command *out)
{
	size_t n = 0;

	*out = (struct smtp_command){ .verb = SMTP_OTHER };
	line = trim(line);
	while (n < line.len && !ascii_is_blank(line.data[n]))
		n++;
	out->name = bytes_slice(line, 0, n);
	out->argument = trim(bytes_slice(line, n, line.len));
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strlen(verbs[i].name) == n && starts(out->name, verbs[i].name))
			out->verb = verbs[i].verb;
	}
	return n > 0;
}

bool smtp_path_read(struct bytes argument, const char *word, struct bytes *out)
{
	const uint8_t *end;
	struct bytes rest;

	*out = bytes_of(NULL, 0);
	if (!starts(argument, word))
		return false;
	rest = trim(bytes_slice(argument, strlen(word), argument.len));
	if (!rest.len || rest.data[0] != ':')
		return false;
	rest = trim(bytes_slice(rest, 1, rest.len));
	/* A quoted local part may hold blanks, but no closing bracket. */
	end = rest.len && rest.data[0] == '<' ? memchr(rest.data, '>', rest.len) : NULL;
	if (end) {
		*out = bytes_slice(rest, 0, (size_t)(end - rest.data) + 1);
		return true;
	}
	while (out->len < rest.len && !ascii_is_blank(rest.data[out->len]))
		out->len++;
	out->data = rest.data;
	return out->len > 0;
}

bool smtp_bdat_read(struct bytes argument, uint32_t *size, bool *is_last)
{
	uint64_t value = 0;
	size_t n = 0;

	while (n < argument.len && ascii_is_digit(argument.data[n])) {
		value = value * 10 + (argument.data[n++] - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*size = (uint32_t)value;
	argument = bytes_slice(argument, n, argument.len);
	if (n == 0 || (argument.len && !ascii_is_blank(argument.data[0])))
		return false;
	argument = trim(argument);
	*is_last = argument.len == 4 && starts(argument, "LAST");
	return argument.len == 0 || *is_last;
}

void smtp_reply_read(struct bytes line, struct smtp_reply *out)
{
	*out = (struct smtp_reply){ .text = line };
	if (line.len < 3 || !ascii_is_digit(line.data[0]) || !ascii_is_digit(line.data[1]) ||
	    !ascii_is_digit(line.data[2]))
		return;
	if (line.len > 3 && line.data[3] != ' ' && line.data[3] != '-')
		return;
	out->code = (line.data[0] - '0') * 100u + (line.data[1] - '0') * 10u + (line.data[2] - '0');
	out->more = line.len > 3 && line.data[3] == '-';
	out->text = bytes_slice(line, 4, line.len);
}
