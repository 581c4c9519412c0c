/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536

/* Everything that fd gives, whatever its size was said to be. */
static int read_all(int fd, char **text_out, size_t *len_out)
{
	size_t room = READ_BYTES, len = 0;
	char *text = malloc(room);
	struct stat st;

	if (text && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		free(text);
		room = (size_t)st.st_size + 1;
		text = malloc(room);
	}
	while (text) {
		ssize_t n = read(fd, text + len, room - len);
		char *more;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = -errno;

			free(text);
			return err;
		}
		if (n == 0) {
			*text_out = text;
			*len_out = len;
			return 0;
		}
		len += (size_t)n;
		if (len < room)
			continue;
		room *= 2;
		more = realloc(text, room);
		if (!more)
			free(text);
		text = more;
	}
	return -ENOMEM;
}

static const char *remedy_for(int err)
{
	switch (err) {
	case ENOENT:
		return "check the path";
	case EACCES:
	case EPERM:
		return "let the user that runs Weir read it";
	case EISDIR:
		return "name the files in it";
	default:
		return NULL;
	}
}

int text_read_quiet(const char *path, char **text_out, size_t *len_out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : read_all(fd, text_out, len_out);

	if (fd >= 0)
		close(fd);
	return err;
}

int text_read(const char *path, char **text_out, size_t *len_out, struct diag_list *diags)
{
	struct place at = { .file = path };
	int err = text_read_quiet(path, text_out, len_out);

	if (err)
		diag_add(diags, DIAG_ERROR, &at, remedy_for(-err), "cannot read: %s",
			 strerror(-err));
	return err;
}

struct text_lines text_lines_of(struct span text)
{
	if (span_starts(text, "\xef\xbb\xbf"))
		text = span_from(text, 3);
	return (struct text_lines){ .rest = text };
}

bool text_next_line(struct text_lines *l, struct span *line)
{
	size_t end;

	if (l->rest.len == 0)
		return false;
	end = span_find(l->rest, '\n');
	*line = span_head(l->rest, end);
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	l->rest = span_from(l->rest, end + 1);
	l->line++;
	return true;
}
