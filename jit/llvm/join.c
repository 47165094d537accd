/* Joining the pieces of an object: a linker for objects of restricted form.
 *
 * Code goes to one section .text and constants to one section .rodata, piece after
 * piece.  What refers from code to code is resolved here, for its distance is known;
 * what refers to constants keeps a relocation, to the beginning of .rodata.  Nothing
 * but the entry keeps its name.  The result is again of restricted form, and fewer
 * sections, symbols and relocations are quicker to load. */
#include "jit/llvm/object.h"

#include <string.h>

enum { CODE, CONSTANTS, PLACES, NOWHERE = PLACES };
enum { ALIGNMENT = 64 }; /* of both sections: no vector is wider */

/* Where a section of a piece, or a symbol, went. */
struct place {
	int section;
	uint64_t offset;
};

struct joint {
	ojit_context *context;
	struct oj_error *error;
	struct view *views; /* [count] */
	size_t count, parts;
	size_t *first;         /* [count] of a piece's sections in places */
	struct place *places;  /* [section_count] */
	size_t section_count;
	struct place *functions; /* [parts + 1], the entry last */
	uint64_t size[PLACES], relocations; /* relocations: that stay */
	bool lost;                          /* something refers to what is not there */
	unsigned char *content[PLACES]; /* within the new object */
	Elf64_Rela *next;
};

static ojit_status fail_piece(const struct joint *j, const char *what)
{
	return oj_fail(j->error, OJIT_BACKEND, "pieces of code do not fit: %s; this is a defect, please report it "
	                                       "with the model", what);
}

/* ---- where everything goes ---- */

static void place_section(struct joint *j, const Elf64_Shdr *section, struct place *place)
{
	*place = (struct place){.section = NOWHERE};
	if (!(section->sh_flags & SHF_ALLOC) || section->sh_size == 0)
		return;
	place->section = section->sh_flags & SHF_EXECINSTR ? CODE : CONSTANTS;
	uint64_t align = section->sh_addralign ? section->sh_addralign : 1, *size = &j->size[place->section];
	*size = (*size + align - 1) / align * align;
	place->offset = *size;
	*size += section->sh_size;
}

static struct place place_of(const struct joint *j, size_t piece, const Elf64_Sym *symbol)
{
	struct place place = {.section = NOWHERE};
	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= j->views[piece].header->e_shnum)
		return place;
	place = j->places[j->first[piece] + symbol->st_shndx];
	place.offset += symbol->st_value;
	return place;
}

/* Functions by their numbers; `kernel` is the one after the last. */
static ojit_status name_functions(struct joint *j, size_t piece, uint32_t section)
{
	const struct view *v = &j->views[piece];
	size_t count = 0;
	const Elf64_Sym *symbols = oj_object_symbols(v, section, &count);
	for (size_t i = 1; symbols && i < count; i++) {
		const char *name = oj_object_string(v, v->sections[section].sh_link, symbols[i].st_name);
		size_t number = j->parts;
		if (ELF64_ST_BIND(symbols[i].st_info) == STB_LOCAL)
			continue;
		if (oj_object_part(name, &number) && number >= j->parts)
			return fail_piece(j, "a function too many");
		if (symbols[i].st_shndx == SHN_UNDEF)
			continue;
		if (j->functions[number].section != NOWHERE)
			return fail_piece(j, "a function defined twice");
		j->functions[number] = place_of(j, piece, &symbols[i]);
		if (j->functions[number].section != CODE || j->functions[number].offset >= j->size[CODE])
			return fail_piece(j, "a function that is no code");
	}
	return OJIT_OK;
}

static ojit_status place_all(struct joint *j)
{
	for (size_t piece = 0; piece < j->count; piece++)
		for (uint32_t s = 0; s < j->views[piece].header->e_shnum; s++)
			place_section(j, &j->views[piece].sections[s], &j->places[j->first[piece] + s]);
	for (size_t p = 0; p <= j->parts; p++)
		j->functions[p].section = NOWHERE;
	for (size_t piece = 0; piece < j->count; piece++)
		for (uint32_t s = 0; s < j->views[piece].header->e_shnum; s++)
			TRY(name_functions(j, piece, s));
	for (size_t p = 0; p <= j->parts; p++)
		if (j->functions[p].section == NOWHERE)
			return fail_piece(j, "a function is missing");
	return j->size[CODE] + j->size[CONSTANTS] < (uint64_t)INT32_MAX
	               ? OJIT_OK
	               : oj_fail(j->error, OJIT_UNSUPPORTED, "the machine code is longer than 2 GiB; make the model smaller");
}

/* ---- relocations ---- */

typedef void visitor(struct joint *j, struct place at, struct place target, int64_t addend);

static void each_in_section(struct joint *j, size_t piece, uint32_t section, visitor *visit)
{
	const struct view *v = &j->views[piece];
	const Elf64_Shdr *s = &v->sections[section];
	if (s->sh_type != SHT_RELA || j->places[j->first[piece] + s->sh_info].section != CODE)
		return;
	size_t ignored, number;
	const Elf64_Sym *symbols = oj_object_symbols(v, s->sh_link, &ignored);
	const Elf64_Rela *r = (const Elf64_Rela *)(v->bytes + s->sh_offset);
	for (size_t i = 0; i < s->sh_size / sizeof *r; i++) {
		const Elf64_Sym *symbol = &symbols[ELF64_R_SYM(r[i].r_info)];
		struct place at = j->places[j->first[piece] + s->sh_info], target = place_of(j, piece, symbol);
		if (symbol->st_shndx == SHN_UNDEF) {
			oj_object_part(oj_object_string(v, v->sections[s->sh_link].sh_link, symbol->st_name), &number);
			target = j->functions[number < j->parts ? number : j->parts];
		}
		at.offset += r[i].r_offset;
		visit(j, at, target, r[i].r_addend);
	}
}

static void each_relocation(struct joint *j, visitor *visit)
{
	for (size_t piece = 0; piece < j->count; piece++)
		for (uint32_t s = 0; s < j->views[piece].header->e_shnum; s++)
			each_in_section(j, piece, s, visit);
}

static void count_relocation(struct joint *j, struct place at, struct place target, int64_t addend)
{
	(void)at, (void)addend;
	j->relocations += target.section == CONSTANTS;
	j->lost |= target.section == NOWHERE;
}

enum { SYMBOL_CONSTANTS = 1, SYMBOL_ENTRY, SYMBOLS };

static void resolve(struct joint *j, struct place at, struct place target, int64_t addend)
{
	if (target.section == CONSTANTS) {
		*j->next++ = (Elf64_Rela){.r_offset = at.offset, .r_info = ELF64_R_INFO(SYMBOL_CONSTANTS, R_X86_64_PC32),
		                          .r_addend = (int64_t)target.offset + addend};
		return;
	}
	int32_t distance = (int32_t)((int64_t)target.offset + addend - (int64_t)at.offset);
	memcpy(j->content[CODE] + at.offset, &distance, sizeof distance);
}

/* ---- the new object ---- */

enum { TEXT = 1, RODATA, RELA, SYMTAB, STRTAB, SHSTRTAB, SECTIONS };
static const char strings[] = "\0" OBJECT_ENTRY;
static const char section_names[] = "\0.text\0.rodata\0.rela.text\0.symtab\0.strtab\0.shstrtab";

/* Headers of all sections, one behind another from the end of the file's own header;
 * returns the size of the whole. */
static size_t lay_out(const struct joint *j, Elf64_Shdr sections[SECTIONS])
{
	const Elf64_Shdr all[SECTIONS] = {
		[TEXT] = {1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0, 0, j->size[CODE], 0, 0, ALIGNMENT, 0},
		[RODATA] = {7, SHT_PROGBITS, SHF_ALLOC, 0, 0, j->size[CONSTANTS], 0, 0, ALIGNMENT, 0},
		[RELA] = {15, SHT_RELA, SHF_INFO_LINK, 0, 0, j->relocations * sizeof(Elf64_Rela), SYMTAB, TEXT, 8,
		          sizeof(Elf64_Rela)},
		[SYMTAB] = {26, SHT_SYMTAB, 0, 0, 0, SYMBOLS * sizeof(Elf64_Sym), STRTAB, SYMBOL_ENTRY, 8,
		            sizeof(Elf64_Sym)},
		[STRTAB] = {34, SHT_STRTAB, 0, 0, 0, sizeof strings, 0, 0, 1, 0},
		[SHSTRTAB] = {42, SHT_STRTAB, 0, 0, 0, sizeof section_names, 0, 0, 1, 0},
	};
	uint64_t end = sizeof(Elf64_Ehdr);
	memcpy(sections, all, sizeof all);
	for (int s = 1; s < SECTIONS; s++) {
		end = (end + sections[s].sh_addralign - 1) / sections[s].sh_addralign * sections[s].sh_addralign;
		sections[s].sh_offset = end;
		end += sections[s].sh_size;
	}
	return (end + 7) / 8 * 8 + SECTIONS * sizeof *sections;
}

static void write_headers(const struct joint *j, unsigned char *bytes, size_t size, const Elf64_Shdr *sections)
{
	Elf64_Ehdr header = *j->views[0].header;
	header.e_shoff = size - SECTIONS * sizeof *sections;
	header.e_shnum = SECTIONS;
	header.e_shstrndx = SHSTRTAB;
	const Elf64_Sym symbols[SYMBOLS] = {
		[SYMBOL_CONSTANTS] = {.st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION), .st_shndx = RODATA},
		[SYMBOL_ENTRY] = {.st_name = 1, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = TEXT,
		                  .st_value = j->functions[j->parts].offset},
	};
	memcpy(bytes, &header, sizeof header);
	memcpy(bytes + header.e_shoff, sections, SECTIONS * sizeof *sections);
	memcpy(bytes + sections[SYMTAB].sh_offset, symbols, sizeof symbols);
	memcpy(bytes + sections[STRTAB].sh_offset, strings, sizeof strings);
	memcpy(bytes + sections[SHSTRTAB].sh_offset, section_names, sizeof section_names);
}

static void copy_sections(struct joint *j)
{
	for (size_t piece = 0; piece < j->count; piece++)
		for (uint32_t s = 0; s < j->views[piece].header->e_shnum; s++) {
			const struct place *place = &j->places[j->first[piece] + s];
			const Elf64_Shdr *section = &j->views[piece].sections[s];
			if (place->section != NOWHERE)
				memcpy(j->content[place->section] + place->offset,
				       j->views[piece].bytes + section->sh_offset, section->sh_size);
		}
}

static ojit_status write_object(struct joint *j, struct object *joined)
{
	Elf64_Shdr sections[SECTIONS];
	each_relocation(j, count_relocation);
	if (j->lost)
		return fail_piece(j, "a reference to nothing");
	joined->size = lay_out(j, sections);
	joined->bytes = oj_memory_get(j->context, joined->size);
	if (!joined->bytes)
		return oj_fail_memory(j->error);
	memset(joined->bytes, 0, joined->size);
	j->content[CODE] = joined->bytes + sections[TEXT].sh_offset;
	j->content[CONSTANTS] = joined->bytes + sections[RODATA].sh_offset;
	j->next = (Elf64_Rela *)(joined->bytes + sections[RELA].sh_offset);
	write_headers(j, joined->bytes, joined->size, sections);
	copy_sections(j);
	each_relocation(j, resolve);
	return OJIT_OK;
}

static ojit_status look(struct joint *j, const struct object *pieces)
{
	for (size_t piece = 0; piece < j->count; piece++) {
		TRY(oj_object_view(&j->views[piece], &pieces[piece], j->error));
		j->first[piece] = j->section_count;
		j->section_count += j->views[piece].header->e_shnum;
	}
	j->places = oj_memory_get(j->context, j->section_count * sizeof *j->places);
	return j->places ? OJIT_OK : oj_fail_memory(j->error);
}

static ojit_status join(struct joint *j, const struct object *pieces, struct object *joined)
{
	if (!j->views || !j->first || !j->functions)
		return oj_fail_memory(j->error);
	TRY(look(j, pieces));
	TRY(place_all(j));
	return write_object(j, joined);
}

ojit_status oj_object_join(ojit_context *context, const struct object *pieces, size_t count, size_t parts,
                           struct object *joined, struct oj_error *error)
{
	struct joint j = {.context = context, .error = error, .count = count, .parts = parts};
	*joined = (struct object){0};
	j.views = oj_memory_get(context, count * sizeof *j.views);
	j.first = oj_memory_get(context, count * sizeof *j.first);
	j.functions = oj_memory_get(context, (parts + 1) * sizeof *j.functions);
	ojit_status status = join(&j, pieces, joined);
	oj_memory_put(context, j.views, count * sizeof *j.views);
	oj_memory_put(context, j.first, count * sizeof *j.first);
	oj_memory_put(context, j.functions, (parts + 1) * sizeof *j.functions);
	oj_memory_put(context, j.places, j.section_count * sizeof *j.places);
	return status;
}
