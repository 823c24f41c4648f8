/** C++ that is compiled into the binding: what can be set only inside the process, when its library is loaded. */

/**
 * The attribute names that libtensorflow keeps pointers to lie in one std::set of the process, which worker threads would write at
 * once. One a thread instead, never freed: libtensorflow's caches outlive the threads.
 */
export function namesPerThread(source: string): string {
  const shared = "static std::set<std::string> ATTR_NAME_SET;";
  if (!source.includes(shared)) throw new Error(`internal: tfjs_backend.cc has no line ${shared}`);
  return source.replace(
    shared,
    "static thread_local std::set<std::string> &ATTR_NAME_SET = *new std::set<std::string>;",
  );
}

/**
 * Before the first tensor: freed memory stays with the process instead of being unmapped and faulted in again each operation, and the
 * CUDA libraries that lie beside libtensorflow are loaded, in whatever order their dependencies allow, so that it finds them by name.
 */
export const startup = `
#include <dlfcn.h>
#include <glob.h>
#include <malloc.h>
#include <stdlib.h>
#include <set>
#include <string>

namespace {

void KeepFreedMemory() {
  if (!getenv("MALLOC_MMAP_MAX_")) mallopt(M_MMAP_MAX, 0);
  if (!getenv("MALLOC_TRIM_THRESHOLD_")) mallopt(M_TRIM_THRESHOLD, 2147483647);
}

void LoadCuda() {
  Dl_info self;
  if (!dladdr(reinterpret_cast<void *>(&LoadCuda), &self)) return;
  std::string binding(self.dli_fname);
  std::string pattern = binding.substr(0, binding.rfind('/')) + "/" LIBRARIES "/../nvidia/*/lib/*.so*";
  glob_t found;
  if (glob(pattern.c_str(), 0, nullptr, &found) != 0) return;
  std::set<std::string> left(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  for (bool progress = true; progress;) {
    progress = false;
    for (auto path = left.begin(); path != left.end();) {
      if (dlopen(path->c_str(), RTLD_NOW | RTLD_GLOBAL)) {
        path = left.erase(path);
        progress = true;
      } else {
        ++path;
      }
    }
  }
}

struct Startup {
  Startup() {
    KeepFreedMemory();
    LoadCuda();
  }
} startup;

}  // namespace
`;
