/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code points that Windows' code page 1252 brings to an ASCII letter that looks alike ("best
 * fit"): a server that reads a path so sees the letter, and so must a rule.  Full-width forms
 * (U+FF01 to U+FF5E) are the letter itself, 0xfee0 away.
 */
#include "engine/proto/http_uri.h"

static const struct run {
	uint16_t first;
	const char *letters; /* of first and those behind it; '.': none */
} runs[] = {
	{ 0x0100, "AaAaAaCcCcCcCcDd.dEeEeEe" },
	{ 0x0118, "EeEeGgGgGgGgHhHhIiIiIiIi" },
	{ 0x0130, "Ii..JjKk.LlLlLl..LlNnNnN" },
	{ 0x0148, "n...OoOoOo..RrRrRrSsSsSs" },
	{ 0x0162, "TtTtTtUuUuUuUuUuUuWwYy" },
	{ 0x0179, "Z.Zz...b" },
	{ 0x0197, "I..l" },
	{ 0x019f, "OOo" },
	{ 0x01ab, "t..TUu" },
	{ 0x01b6, "z" },
	{ 0x01c0, "|..!" },
	{ 0x01cd, "AaIiOoUuUuUuUuUu.Aa" },
	{ 0x01e4, "GgGgKkOoOo..j" },
	{ 0x0261, "g" },
	{ 0x02b9, "'\".'" },
	{ 0x02c4, "^...'..`._" },
	{ 0x0300, "`.^~" },
	{ 0x030e, "\"" },
	{ 0x0331, "__" },
	{ 0x037e, ";" },
	{ 0x0393, "G" },
	{ 0x0398, "T" },
	{ 0x03a3, "S..F..O" },
	{ 0x03b1, "a..de" },
	{ 0x03c0, "p..st.f" },
	{ 0x04bb, "h" },
	{ 0x0589, ":" },
	{ 0x066a, "%" },
	{ 0x2000, "       " },
	{ 0x2010, "--" },
	{ 0x2017, "=" },
	{ 0x2032, "'..`" },
	{ 0x2044, "/" },
	{ 0x2074, "45678" },
	{ 0x207f, "n0123456789" },
	{ 0x20a7, "P" },
	{ 0x2102, "C" },
	{ 0x2107, "E..gHHHh.IILl.N..PPQRRR" },
	{ 0x2124, "Z...Z.K.BCeeEF.Mo" },
	{ 0x2212, "-../\\*..v...8" },
	{ 0x2223, "|" },
	{ 0x2229, "n" },
	{ 0x2236, ":" },
	{ 0x223c, "~" },
	{ 0x2261, "=..==" },
	{ 0x2303, "^" },
	{ 0x2320, "()" },
	{ 0x2329, "<>" },
	{ 0x2500, "-" },
	{ 0x250c, "+...+...+...+...+" },
	{ 0x252c, "-" },
	{ 0x2534, "-" },
	{ 0x253c, "+" },
	{ 0x2550, "-.++++++++++++" },
	{ 0x2564, "------+++" },
	{ 0x2584, "_" },
	{ 0x2758, "|" },
	{ 0x3000, " " },
	{ 0x3008, "<>" },
	{ 0x301a, "[]" },
};

uint8_t http_bestfit(uint32_t c)
{
	size_t low = 0;
	size_t high = sizeof(runs) / sizeof(*runs);

	if (c <= 0xff)
		return (uint8_t)c;
	if (c >= 0xff01 && c <= 0xff5e)
		return (uint8_t)(c - 0xfee0);
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (runs[middle].first <= c)
			low = middle;
		else
			high = middle;
	}
	if (c < runs[low].first || c - runs[low].first >= strlen(runs[low].letters))
		return '?';
	return runs[low].letters[c - runs[low].first] == '.'
		       ? '?'
		       : (uint8_t)runs[low].letters[c - runs[low].first];
}
