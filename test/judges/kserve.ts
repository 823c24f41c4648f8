/** KServe's Python client, which `npm run judges` installs. */
import { hasModules } from "./has-modules.js";

/**
 * Python that makes `kserve` importable without its `__init__`, which loads Kubernetes' client (123 MB) and a web server. The modules of its
 * inference client are its own, as they are.
 */
export const kserveModules = `
import importlib.util, sys, types
_kserve = types.ModuleType("kserve")
_kserve.__path__ = list(importlib.util.find_spec("kserve").submodule_search_locations)
sys.modules["kserve"] = _kserve
`;

/** Put into a test's name where it is skipped. */
export const withoutKserve = hasModules("kserve", "httpx", "pandas")
  ? ""
  : " (skipped: the judges have no KServe client; run npm run judges)";
