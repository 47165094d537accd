/* libFuzzer: any bytes are a model or are refused; nothing crashes, leaks or hangs.
 * A model that is read is printed, and what is printed must read back. */
#include "lib/model/lower.h"
#include "lib/model/syntax.h"

#include <stdlib.h>
#include <string.h>

/* Sizes that would only test patience: a number of six digits or more. */
static bool is_large(const uint8_t *data, size_t size)
{
	size_t digits = 0;
	for (size_t i = 0; i < size; i++) {
		digits = data[i] >= '0' && data[i] <= '9' ? digits + 1 : 0;
		if (digits > 4 || ((data[i] == 'e' || data[i] == 'E' || data[i] == '^') && i > 0))
			return true;
	}
	return false;
}

static void read_back(ojit_context *context, const struct syntax *syntax)
{
	struct text printed;
	struct syntax again;
	struct oj_error error;
	oj_text_init(&printed, context);
	oj_error_init(&error, context);
	oj_syntax_print(syntax, &printed);
	struct reading reading = {.text = oj_text_get(&printed), .length = printed.length, .base = 1};
	ojit_status status = oj_syntax_read(&again, context, &reading, &error);
	/* Brackets that were implied by precedence count against the limit on nesting. */
	if (status != OJIT_OK && status != OJIT_UNSUPPORTED)
		abort();
	oj_syntax_drop(&again);
	oj_error_drop(&error);
	oj_text_drop(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ojit_context *context = ojit_context_new(NULL);
	struct syntax syntax;
	struct oj_error error;
	oj_error_init(&error, context);
	char *text = calloc(1, size + 1);
	memcpy(text, data, size);
	struct reading reading = {.file = "fuzz.ojit", .text = text, .length = size, .base = 1};
	if (oj_syntax_read(&syntax, context, &reading, &error) == OJIT_OK)
		read_back(context, &syntax);
	oj_syntax_drop(&syntax);
	free(text);
	oj_error_drop(&error);
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, (const char *)data, size, "fuzz.ojit");
	if (!is_large(data, size))
		ojit_model_check(model);
	if (ojit_model_error(model).status != OJIT_OK && ojit_model_error(model).text[0] == '\0')
		abort();
	ojit_model_free(model);
	if (ojit_context_counters(context).live_bytes != 0)
		abort();
	ojit_context_free(context);
	return 0;
}
