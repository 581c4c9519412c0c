/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of FTP, each read as everything that it may be. */
#include "engine/proto/ftp.h"
#include "engine/proto/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line_reader r = { .limit = 512 };
	struct bytes in = bytes_of(data, size), line;
	size_t consumed;

	for (;;) {
		enum line_kind kind = line_next(&r, in, true, &line, &consumed);
		struct ftp_command c;
		struct ftp_reply reply;
		struct ftp_endpoint e;

		if (kind == LINE_MORE)
			return 0;
		in = bytes_slice(in, consumed, in.len);
		if (ftp_command_read(line, &c)) {
			(void)ftp_port_read(c.argument, &e);
			(void)ftp_eprt_read(c.argument, &e);
		}
		ftp_reply_read(line, &reply);
		(void)ftp_pasv_read(reply.text, &e);
		(void)ftp_epsv_read(reply.text, &e);
	}
}
