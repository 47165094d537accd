/* Objects of restricted form, and loading and freeing them. */
#include "tests/support_jit.h"
#include "tests/support_sanitizer.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* out[i] = sin(y[i]) / (i + shift): a constant pool, a call, a loop. */
static void build(struct support_program *p, int64_t shift)
{
	struct graph *g = p->g;
	uint32_t y = support_jit_array(p, ROLE_STATE, 0, 21), out = support_jit_array(p, ROLE_OUT, 0, 21);
	ojit_expr i = oj_index(g, 0), number = oj_make1(g, OP_ITOF, oj_integer_offset(g, i, shift));
	ojit_expr value = oj_make2(g, OP_DIV, oj_make1(g, OP_SIN, support_jit_load1(p, y, i)), number);
	support_jit_store1(p, support_jit_line(p, 0, 21), out, oj_make2(g, OP_ADD, value, oj_literal(g, 0.1)), i);
}

static struct object translated(struct support_program *p, const struct target *target)
{
	struct object object;
	cr_assert_eq(support_jit_translate(p, target, &object), OJIT_OK, "%s", oj_text_get(&p->error.message));
	return object;
}

static struct object default_object(struct support_program *p)
{
	struct target target = {.lanes = p->backend->lanes(), .level = 2};
	return translated(p, &target);
}

static void drop(struct support_program *p, struct object *object)
{
	oj_memory_put(p->context, object->bytes, object->size);
}

/* A number from a line of /proc/self/status, or the lines of /proc/self/maps. */
static long resident_kilobytes(void)
{
	char line[256];
	long kilobytes = -1;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmRSS: %ld", &kilobytes) == 1)
			break;
	fclose(f);
	return kilobytes;
}

/* A sanitizer keeps freed memory for a while. */
static void skip_where_memory_is_kept(void)
{
#ifdef SANITIZED
	cr_skip_test("resident size says nothing under the address sanitizer");
#endif
}

static int mappings(void)
{
	int count = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	for (int c; (c = fgetc(f)) != EOF;)
		count += c == '\n';
	fclose(f);
	return count;
}

static void load_and_free(struct support_program *p, const struct object *object, int times)
{
	for (int k = 0; k < times; k++) {
		struct code *code;
		void (*entry)(const struct kernel_args *);
		cr_assert_eq(p->backend->load(p->context, object, &code, &entry, &p->error), OJIT_OK, "%s",
		             oj_text_get(&p->error.message));
		p->backend->unload(p->context, code);
	}
}

Test(jit_loading, twenty_thousand_loads_leave_memory_and_mappings_as_they_were)
{
	skip_where_memory_is_kept();
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	struct object object = default_object(&p);
	load_and_free(&p, &object, 1000);
	long before = resident_kilobytes();
	int maps = mappings();
	load_and_free(&p, &object, 20000);
	cr_expect_leq(resident_kilobytes() - before, 512, "grew by %ld kB", resident_kilobytes() - before);
	cr_expect_leq(mappings() - maps, 4, "%d more mappings", mappings() - maps);
	drop(&p, &object);
	support_jit_close(&p);
}

Test(jit_loading, translations_return_their_memory)
{
	skip_where_memory_is_kept();
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	long before = 0;
	for (int k = 0; k < 600; k++) {
		struct object object = default_object(&p);
		load_and_free(&p, &object, 1);
		drop(&p, &object);
		if (k == 200)
			before = resident_kilobytes();
	}
	cr_expect_leq(resident_kilobytes() - before, 1024, "grew by %ld kB", resident_kilobytes() - before);
	support_jit_close(&p);
}

Test(jit_loading, the_same_program_translates_to_the_same_bytes)
{
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	struct object a = default_object(&p), b = default_object(&p);
	cr_assert_eq(a.size, b.size);
	cr_expect_arr_eq(a.bytes, b.bytes, a.size);
	drop(&p, &a);
	drop(&p, &b);
	support_jit_close(&p);
}

Test(jit_loading, code_bytes_are_counted_while_loaded)
{
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	struct object object = default_object(&p);
	struct code *code;
	void (*entry)(const struct kernel_args *);
	cr_assert_eq(p.backend->load(p.context, &object, &code, &entry, &p.error), OJIT_OK);
	size_t bytes = p.backend->code_bytes(code);
	cr_expect_gt(bytes, 50);
	cr_expect_lt(bytes, object.size);
	cr_expect_eq(ojit_context_counters(p.context).live_code, bytes);
	p.backend->unload(p.context, code);
	drop(&p, &object);
	support_jit_close(&p);
}

/* ---------------------------------------------------------------- restricted form */

static Elf64_Shdr *sections(struct object *object)
{
	return (Elf64_Shdr *)(object->bytes + ((Elf64_Ehdr *)object->bytes)->e_shoff);
}

static Elf64_Shdr *section_of_type(struct object *object, uint32_t type)
{
	int count = ((Elf64_Ehdr *)object->bytes)->e_shnum;
	for (int s = 0; s < count; s++)
		if (sections(object)[s].sh_type == type)
			return &sections(object)[s];
	cr_assert_fail("no section of type %u", type);
	return NULL;
}

static void expect_refusal(struct support_program *p, const struct object *object, const char *named)
{
	struct code *code = NULL;
	void (*entry)(const struct kernel_args *) = NULL;
	oj_error_clear(&p->error);
	cr_expect_eq(p->backend->load(p->context, object, &code, &entry, &p->error), OJIT_BACKEND);
	cr_expect_null(code);
	cr_expect(strstr(oj_text_get(&p->error.message), named), "'%s' is not in: %s", named,
	          oj_text_get(&p->error.message));
}

/* What a spoiler does to a sound object, and what the refusal must name. */
static void spoil_relocation(struct object *object)
{
	Elf64_Shdr *s = section_of_type(object, SHT_RELA);
	Elf64_Rela *r = (Elf64_Rela *)(object->bytes + s->sh_offset);
	r->r_info = ELF64_R_INFO(ELF64_R_SYM(r->r_info), R_X86_64_64);
}

static void spoil_section(struct object *object)
{
	int count = ((Elf64_Ehdr *)object->bytes)->e_shnum;
	for (int s = 0; s < count; s++)
		if (sections(object)[s].sh_flags & SHF_ALLOC && !(sections(object)[s].sh_flags & SHF_EXECINSTR))
			sections(object)[s].sh_flags |= SHF_WRITE;
}

static void spoil_symbol(struct object *object)
{
	Elf64_Shdr *s = section_of_type(object, SHT_SYMTAB);
	Elf64_Sym *symbols = (Elf64_Sym *)(object->bytes + s->sh_offset);
	symbols[s->sh_size / sizeof *symbols - 1].st_shndx = SHN_UNDEF;
}

static void spoil_header(struct object *object)
{
	((Elf64_Ehdr *)object->bytes)->e_machine = EM_AARCH64;
}

static void spoil_extent(struct object *object)
{
	section_of_type(object, SHT_PROGBITS)->sh_size = object->size;
}

Test(jit_loading, objects_that_are_not_of_restricted_form_are_refused_by_name)
{
	static const struct {
		void (*spoil)(struct object *);
		const char *named;
	} cases[] = {
		{spoil_relocation, "relocation of kind 1"}, {spoil_section, ".rodata"}, {spoil_symbol, "'kernel'"},
		{spoil_header, "x86-64"}, {spoil_extent, "cut off"},
	};
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		struct object object = default_object(&p);
		cases[k].spoil(&object);
		expect_refusal(&p, &object, cases[k].named);
		drop(&p, &object);
	}
	support_jit_close(&p);
}

Test(jit_loading, cut_objects_are_refused_at_every_length)
{
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	struct object object = default_object(&p);
	for (size_t size = 0; size < object.size; size++) {
		/* A copy of exactly that size, so that sanitizers see a read beyond it. */
		struct object cut = {.bytes = malloc(size + !size), .size = size};
		memcpy(cut.bytes, object.bytes, size);
		expect_refusal(&p, &cut, "not a loadable object");
		free(cut.bytes);
	}
	drop(&p, &object);
	support_jit_close(&p);
}

Test(jit_loading, bytes_of_headers_changed_at_random_never_crash_the_check)
{
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	struct object sound = default_object(&p), bent = default_object(&p);
	spoil_symbol(&sound); /* so that none is loaded, whatever the change */
	uint64_t seed = 1;
	size_t table = ((Elf64_Ehdr *)sound.bytes)->e_shoff, refused = 0;
	for (int k = 0; k < 20000; k++) {
		memcpy(bent.bytes, sound.bytes, sound.size);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		size_t span = k & 1 ? 64 : sound.size - table, start = k & 1 ? 0 : table;
		bent.bytes[start + (seed >> 33) % span] ^= (unsigned char)(seed >> 25 | 1);
		struct code *code;
		void (*entry)(const struct kernel_args *);
		oj_error_clear(&p.error);
		refused += p.backend->load(p.context, &bent, &code, &entry, &p.error) == OJIT_BACKEND;
	}
	cr_expect_eq(refused, 20000);
	drop(&p, &bent);
	drop(&p, &sound);
	support_jit_close(&p);
}

/* ---------------------------------------------------------------- memory that runs out */

struct short_supply {
	long left; /* allocations that succeed before one fails; -1: all */
	long failures;
};

static void *allocate_some(void *user, size_t size)
{
	struct short_supply *supply = user;
	if (supply->left == 0) {
		supply->left = -1;
		supply->failures++;
		return NULL;
	}
	supply->left -= supply->left > 0;
	return malloc(size);
}

static void release_some(void *user, void *memory, size_t size)
{
	(void)user, (void)size;
	free(memory);
}

/* Translate and load once, with the n-th allocation failing. */
static ojit_status translate_and_load(struct support_program *p)
{
	struct object object;
	struct code *code;
	void (*entry)(const struct kernel_args *);
	struct target target = {.lanes = 4, .level = 0};
	ojit_status status = support_jit_translate(p, &target, &object);
	if (status != OJIT_OK)
		return status;
	status = p->backend->load(p->context, &object, &code, &entry, &p->error);
	if (status == OJIT_OK)
		p->backend->unload(p->context, code);
	drop(p, &object);
	return status;
}

Test(jit_loading, every_allocation_may_fail)
{
	struct short_supply supply = {.left = -1};
	ojit_allocator allocator = {allocate_some, release_some, &supply};
	struct support_program p;
	support_jit_open_with(&p, &allocator);
	build(&p, 1);
	ojit_status status = OJIT_OUT_OF_MEMORY;
	for (long n = 0; status != OJIT_OK && n < 1000; n++) {
		uint64_t before = ojit_context_counters(p.context).live_bytes;
		supply = (struct short_supply){.left = n, .failures = supply.failures};
		status = translate_and_load(&p);
		supply.left = -1;
		oj_error_clear(&p.error);
		cr_assert(status == OJIT_OK || status == OJIT_OUT_OF_MEMORY, "%s at allocation %ld",
		          ojit_status_name(status), n);
		cr_expect_eq(ojit_context_counters(p.context).live_bytes, before, "leak at allocation %ld", n);
	}
	cr_expect_eq(status, OJIT_OK);
	cr_expect_gt(supply.failures, 5);
	support_jit_close(&p);
}

/* ---------------------------------------------------------------- threads */

struct worker {
	pthread_t thread;
	int64_t shift;
	int wrong;
};

static void *work(void *user)
{
	struct worker *w = user;
	struct support_program p;
	support_jit_open(&p);
	build(&p, w->shift);
	double y[21] = {0}, out[21];
	for (int k = 0; k < 25; k++) {
		struct object object;
		struct code *code;
		void (*entry)(const struct kernel_args *);
		struct target target = {.lanes = 1 << k % 4, .level = k % 3 ? 2 : 0};
		if (p.backend->translate(&p.program, &target, &object, NULL, NULL, &p.error) != OJIT_OK ||
		    p.backend->load(p.context, &object, &code, &entry, &p.error) != OJIT_OK) {
			w->wrong++;
			break;
		}
		struct kernel_args args = {.y = y, .out = out, .env = oj_math_table()};
		y[20] = k;
		entry(&args);
		double sine = oj_math_scalar(OJ_MATH_sin, &y[20]);
		w->wrong += out[20] != sine / (double)(20 + w->shift) + 0.1;
		p.backend->unload(p.context, code);
		oj_memory_put(p.context, object.bytes, object.size);
	}
	support_jit_close(&p);
	return NULL;
}

Test(jit_loading, threads_translate_and_load_at_once)
{
	struct worker workers[4];
	for (int k = 0; k < 4; k++) {
		workers[k] = (struct worker){.shift = k + 1};
		cr_assert_eq(pthread_create(&workers[k].thread, NULL, work, &workers[k]), 0);
	}
	for (int k = 0; k < 4; k++) {
		pthread_join(workers[k].thread, NULL);
		cr_expect_eq(workers[k].wrong, 0);
	}
}

/* ---------------------------------------------------------------- finding and listing */

Test(jit_loading, a_missing_code_generator_is_an_error_with_its_remedy)
{
	setenv("OJIT_LLVM", "/nonexistent/libojit-llvm.so", 1);
	ojit_context *context = ojit_context_new(NULL);
	struct oj_error error;
	oj_error_init(&error, context);
	const struct backend *backend = NULL;
	cr_expect_eq(oj_backend_open(context, &backend, &error), OJIT_BACKEND);
	cr_expect(strstr(oj_text_get(&error.message), "/nonexistent/libojit-llvm.so"));
	cr_expect(strstr(oj_text_get(&error.message), "install"));
	cr_expect_null(backend);
	oj_error_drop(&error);
	ojit_context_free(context);
}

Test(jit_loading, listings_show_ir_and_assembly_and_refuse_others_by_name)
{
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	struct target target = {.lanes = 4, .level = 2};
	static const char *const whats[] = {"ir", "ir-optimised", "asm"}, *const shown[] = {"define", "define", "ret"};
	for (int k = 0; k < 3; k++) {
		struct text text;
		oj_text_init(&text, p.context);
		cr_expect_eq(p.backend->translate(&p.program, &target, NULL, whats[k], &text, &p.error), OJIT_OK);
		cr_expect(strstr(oj_text_get(&text), "kernel"));
		cr_expect(strstr(oj_text_get(&text), shown[k]));
		oj_text_drop(&text);
	}
	struct text text;
	oj_text_init(&text, p.context);
	cr_expect_eq(p.backend->translate(&p.program, &target, NULL, "poem", &text, &p.error), OJIT_ARGUMENT);
	cr_expect(strstr(oj_text_get(&p.error.message), "poem"));
	oj_text_drop(&text);
	support_jit_close(&p);
}

Test(jit_loading, lanes_that_do_not_exist_are_refused)
{
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	struct object object;
	cr_expect_eq(support_jit_translate(&p, &(struct target){.lanes = 3}, &object), OJIT_ARGUMENT);
	cr_expect(strstr(oj_text_get(&p.error.message), "3 lanes"));
	support_jit_close(&p);
}

Test(jit_loading, operators_that_passes_should_have_removed_are_refused_by_name)
{
	struct support_program p;
	support_jit_open(&p);
	uint32_t out = support_jit_array(&p, ROLE_OUT, 0, 1);
	ojit_expr value = oj_make1(p.g, OP_SIGMOID, oj_time(p.g));
	support_jit_store1(&p, support_jit_scalar(&p), out, value, oj_integer(p.g, 0));
	struct object object;
	cr_expect_eq(support_jit_translate(&p, &(struct target){.lanes = 1, .level = 2}, &object), OJIT_UNSUPPORTED);
	cr_expect(strstr(oj_text_get(&p.error.message), "sigmoid"));
	support_jit_close(&p);
}

Test(jit_loading, values_that_differ_cannot_go_to_a_shared_array)
{
	struct support_program p;
	support_jit_open(&p);
	build(&p, 1);
	struct target target = {.lanes = 4, .axis = LANES_ENSEMBLE, .uniform = 1u << ROLE_OUT, .level = 2};
	struct object object;
	cr_expect_eq(support_jit_translate(&p, &target, &object), OJIT_ARGUMENT);
	cr_expect(strstr(oj_text_get(&p.error.message), "shared"));
	support_jit_close(&p);
}
