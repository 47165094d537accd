/* See object.h.  Reads as <elf.h> describes; every offset is checked against the
 * size before it is followed. */
#include "jit/llvm/object.h"

#include <stdlib.h>
#include <string.h>

#define REPORT "; this is a defect, please report it with the model"

static bool inside(const struct view *v, uint64_t offset, uint64_t size)
{
	return offset <= v->size && size <= v->size - offset;
}

const char *oj_object_string(const struct view *v, uint32_t table, uint32_t offset)
{
	if (table >= v->header->e_shnum || v->sections[table].sh_type != SHT_STRTAB)
		return NULL;
	const Elf64_Shdr *s = &v->sections[table];
	if (offset >= s->sh_size || !memchr(v->bytes + s->sh_offset + offset, 0, s->sh_size - offset))
		return NULL;
	return (const char *)v->bytes + s->sh_offset + offset;
}

static const char *section_name(const struct view *v, uint32_t section)
{
	const char *name = section < v->header->e_shnum
	                           ? oj_object_string(v, v->header->e_shstrndx, v->sections[section].sh_name)
	                           : NULL;
	return name ? name : "(nameless)";
}

static ojit_status malformed(const struct view *v, const char *what)
{
	return oj_fail(v->error, OJIT_BACKEND, "not a loadable object: %s; translate the program again", what);
}

static ojit_status open_view(struct view *v)
{
	v->header = (const Elf64_Ehdr *)v->bytes;
	if (v->size < sizeof *v->header || memcmp(v->header->e_ident, ELFMAG, SELFMAG) ||
	    v->header->e_ident[EI_CLASS] != ELFCLASS64 || v->header->e_ident[EI_DATA] != ELFDATA2LSB)
		return malformed(v, "no 64-bit ELF header");
	if (v->header->e_type != ET_REL || v->header->e_machine != EM_X86_64)
		return malformed(v, "not relocatable code for x86-64");
	if (v->header->e_shentsize != sizeof(Elf64_Shdr) || v->header->e_shoff % _Alignof(Elf64_Shdr) ||
	    !inside(v, v->header->e_shoff, (uint64_t)v->header->e_shnum * sizeof(Elf64_Shdr)))
		return malformed(v, "its table of sections is cut off");
	v->sections = (const Elf64_Shdr *)(v->bytes + v->header->e_shoff);
	for (uint32_t s = 0; s < v->header->e_shnum; s++)
		if (v->sections[s].sh_type != SHT_NOBITS && v->sections[s].sh_type != SHT_NULL &&
		    !inside(v, v->sections[s].sh_offset, v->sections[s].sh_size))
			return malformed(v, "a section is cut off");
	return OJIT_OK;
}

static bool starts(const char *name, const char *with)
{
	size_t length = strlen(with);
	return !strncmp(name, with, length) && (name[length] == '\0' || name[length] == '.');
}

static ojit_status check_section(const struct view *v, uint32_t s)
{
	const Elf64_Shdr *section = &v->sections[s];
	const char *name = section_name(v, s);
	if (!(section->sh_flags & SHF_ALLOC) || section->sh_size == 0)
		return OJIT_OK;
	bool text = starts(name, ".text"), constants = starts(name, ".rodata");
	if ((!text && !constants) || section->sh_flags & SHF_WRITE || section->sh_type != SHT_PROGBITS)
		return oj_fail(v->error, OJIT_BACKEND, "the code has a section '%s', only .text and .rodata "
		                                       "can be loaded" REPORT, name);
	return OJIT_OK;
}

const Elf64_Sym *oj_object_symbols(const struct view *v, uint32_t s, size_t *count)
{
	if (s >= v->header->e_shnum || v->sections[s].sh_type != SHT_SYMTAB ||
	    v->sections[s].sh_offset % _Alignof(Elf64_Sym))
		return NULL;
	*count = v->sections[s].sh_size / sizeof(Elf64_Sym);
	return (const Elf64_Sym *)(v->bytes + v->sections[s].sh_offset);
}

bool oj_object_part(const char *name, size_t *number)
{
	const char *digits = name + sizeof OBJECT_PART - 1;
	if (strncmp(name, OBJECT_PART, sizeof OBJECT_PART - 1) || !*digits)
		return false;
	size_t length = strspn(digits, "0123456789");
	*number = (size_t)strtoul(digits, NULL, 10);
	return length < 10 && digits[length] == '\0';
}

static ojit_status check_relocation(const struct view *v, const Elf64_Rela *r, const Elf64_Shdr *target,
                                    const Elf64_Sym *symbols, size_t count, uint32_t strings)
{
	uint64_t type = ELF64_R_TYPE(r->r_info), symbol = ELF64_R_SYM(r->r_info);
	if (type != R_X86_64_PC32 && type != R_X86_64_PLT32)
		return oj_fail(v->error, OJIT_BACKEND, "the code has a relocation of kind %d, only PC32 and "
		                                       "PLT32 can be loaded" REPORT, (int)type);
	if (symbol >= count || r->r_offset > target->sh_size || target->sh_size - r->r_offset < 4)
		return malformed(v, "a relocation points outside");
	const Elf64_Sym *s = &symbols[symbol];
	const char *name = oj_object_string(v, strings, s->st_name);
	size_t ignored;
	if (v->piece && s->st_shndx == SHN_UNDEF && name && oj_object_part(name, &ignored))
		return OJIT_OK;
	if (s->st_shndx == SHN_UNDEF || s->st_shndx >= v->header->e_shnum) {
		return oj_fail(v->error, OJIT_BACKEND, "the code refers to '%s', which is outside of it" REPORT,
		               name ? name : "");
	}
	if (!(v->sections[s->st_shndx].sh_flags & SHF_ALLOC))
		return malformed(v, "a relocation refers to a section that is not loaded");
	return OJIT_OK;
}

static ojit_status check_relocations(const struct view *v, uint32_t section)
{
	const Elf64_Shdr *s = &v->sections[section];
	if (s->sh_type == SHT_REL)
		return malformed(v, "relocations without addends");
	if (s->sh_type != SHT_RELA)
		return OJIT_OK;
	size_t count = 0;
	const Elf64_Sym *symbols = oj_object_symbols(v, s->sh_link, &count);
	if (!symbols || s->sh_info >= v->header->e_shnum || s->sh_offset % _Alignof(Elf64_Rela))
		return malformed(v, "relocations without symbols");
	const Elf64_Shdr *target = &v->sections[s->sh_info];
	if (!(target->sh_flags & SHF_ALLOC))
		return OJIT_OK;
	if (!(target->sh_flags & SHF_EXECINSTR))
		return oj_fail(v->error, OJIT_BACKEND, "section '%s' has relocations, only code can have them" REPORT,
		               section_name(v, s->sh_info));
	const Elf64_Rela *r = (const Elf64_Rela *)(v->bytes + s->sh_offset);
	for (size_t i = 0; i < s->sh_size / sizeof *r; i++)
		TRY(check_relocation(v, &r[i], target, symbols, count, v->sections[s->sh_link].sh_link));
	return OJIT_OK;
}

/* The entry among the symbols of `section`; undefined ones are refused. */
static ojit_status check_symbols(const struct view *v, uint32_t section, const char **entry)
{
	size_t count = 0, ignored;
	const Elf64_Sym *symbols = oj_object_symbols(v, section, &count);
	for (size_t i = 1; symbols && i < count; i++) {
		const char *name = oj_object_string(v, v->sections[section].sh_link, symbols[i].st_name);
		if (!name)
			return malformed(v, "a symbol without a name");
		if (v->piece && oj_object_part(name, &ignored))
			continue;
		if (symbols[i].st_shndx == SHN_UNDEF)
			return oj_fail(v->error, OJIT_BACKEND, "the code needs '%s' from outside" REPORT, name);
		if (ELF64_ST_BIND(symbols[i].st_info) == STB_LOCAL)
			continue;
		if (strcmp(name, OBJECT_ENTRY))
			return oj_fail(v->error, OJIT_BACKEND, "the code offers '%s', only '" OBJECT_ENTRY
			                                       "' is expected" REPORT, name);
		*entry = name;
	}
	return OJIT_OK;
}

static ojit_status check(struct view *v, const char **entry)
{
	TRY(open_view(v));
	for (uint32_t s = 0; s < v->header->e_shnum; s++)
		TRY(check_section(v, s));
	for (uint32_t s = 0; s < v->header->e_shnum; s++)
		TRY(check_symbols(v, s, entry));
	for (uint32_t s = 0; s < v->header->e_shnum; s++)
		TRY(check_relocations(v, s));
	return OJIT_OK;
}

ojit_status oj_object_check(const unsigned char *bytes, size_t size, struct oj_error *error)
{
	struct view v = {.bytes = bytes, .size = size, .error = error};
	const char *entry = NULL;
	TRY(check(&v, &entry));
	return entry ? OJIT_OK : malformed(&v, "it has no entry '" OBJECT_ENTRY "'");
}

ojit_status oj_object_view(struct view *v, const struct object *piece, struct oj_error *error)
{
	const char *ignored = NULL;
	*v = (struct view){.bytes = piece->bytes, .size = piece->size, .piece = true, .error = error};
	return check(v, &ignored);
}

size_t oj_object_loaded_size(const unsigned char *bytes)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(bytes + header->e_shoff);
	size_t size = 0;
	for (uint32_t s = 0; s < header->e_shnum; s++)
		if (sections[s].sh_flags & SHF_ALLOC)
			size += sections[s].sh_size;
	return size;
}

size_t oj_object_entry_name(const unsigned char *bytes)
{
	struct view v = {.bytes = bytes, .header = (const Elf64_Ehdr *)bytes};
	const char *entry = NULL;
	v.sections = (const Elf64_Shdr *)(bytes + v.header->e_shoff);
	for (uint32_t s = 0; s < v.header->e_shnum && !entry; s++)
		if (check_symbols(&v, s, &entry) != OJIT_OK)
			break;
	return (size_t)((const unsigned char *)entry - bytes);
}
