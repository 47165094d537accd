/* A host that has an LLVM of its own, in the global symbol scope, before ojit is
 * opened: both work, and neither sees the other's symbols. */
#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const model_text = "param a = 2\ninit x = 3\nx' = a*x\n";

/* The public API through the shared library, as a host would come by it. */
struct api {
	void *library;
	ojit_context *(*context_new)(const ojit_allocator *);
	void (*context_free)(ojit_context *);
	ojit_model *(*model_new)(ojit_context *);
	void (*model_free)(ojit_model *);
	ojit_status (*read_text)(ojit_model *, const char *, size_t, const char *);
	ojit_status (*compile)(ojit_model *, const ojit_compile_options *, ojit_program **);
	void (*program_free)(ojit_program *);
	ojit_evaluator *(*evaluator_new)(ojit_program *);
	void (*evaluator_free)(ojit_evaluator *);
	ojit_status (*call)(ojit_evaluator *, ojit_kernel, double, const double *, double *);
};

static void *find(void *library, const char *name)
{
	void *symbol = dlsym(library, name);
	cr_assert_not_null(symbol, "%s", name);
	return symbol;
}

static struct api open_ojit(void)
{
	struct api a = {.library = dlopen(getenv("OJIT_LIBRARY"), RTLD_NOW | RTLD_LOCAL)};
	cr_assert_not_null(a.library, "%s", dlerror());
	*(void **)&a.context_new = find(a.library, "ojit_context_new");
	*(void **)&a.context_free = find(a.library, "ojit_context_free");
	*(void **)&a.model_new = find(a.library, "ojit_model_new");
	*(void **)&a.model_free = find(a.library, "ojit_model_free");
	*(void **)&a.read_text = find(a.library, "ojit_model_read_text");
	*(void **)&a.compile = find(a.library, "ojit_program_compile");
	*(void **)&a.program_free = find(a.library, "ojit_program_free");
	*(void **)&a.evaluator_new = find(a.library, "ojit_evaluator_new");
	*(void **)&a.evaluator_free = find(a.library, "ojit_evaluator_free");
	*(void **)&a.call = find(a.library, "ojit_evaluator_call");
	return a;
}

static double evaluate(const struct api *a)
{
	ojit_context *context = a->context_new(NULL);
	ojit_model *model = a->model_new(context);
	ojit_program *program;
	double x = 3, rate = 0;
	a->read_text(model, model_text, strlen(model_text), "");
	cr_assert_eq(a->compile(model, NULL, &program), OJIT_OK);
	ojit_evaluator *evaluator = a->evaluator_new(program);
	cr_assert_eq(a->call(evaluator, OJIT_RHS, 0, &x, &rate), OJIT_OK);
	a->evaluator_free(evaluator);
	a->program_free(program);
	a->model_free(model);
	a->context_free(context);
	return rate;
}

/* Something only a working LLVM can do. */
static void use_host_llvm(void *llvm)
{
	void *(*new_context)(void) = (void *(*)(void))find(llvm, "LLVMContextCreate");
	void *(*new_module)(const char *, void *) = (void *(*)(const char *, void *))find(llvm, "LLVMModuleCreateWithNameInContext");
	char *(*print)(void *) = (char *(*)(void *))find(llvm, "LLVMPrintModuleToString");
	char *text = print(new_module("the host's own", new_context()));
	cr_assert_not_null(strstr(text, "the host's own"));
}

static void try_host(const char *name)
{
	void *llvm = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
	if (!llvm)
		cr_skip_test("no %s on this machine", name);
	use_host_llvm(llvm);
	struct api ojit = open_ojit();
	cr_assert_eq(evaluate(&ojit), 6);
	use_host_llvm(llvm);
	cr_assert_eq(evaluate(&ojit), 6);
}

Test(host_llvm, of_the_same_version_is_not_met)
{
	try_host("libLLVM.so.19.1");
}

Test(host_llvm, of_another_version_is_not_met)
{
	try_host("libLLVM-14.so.1");
}
