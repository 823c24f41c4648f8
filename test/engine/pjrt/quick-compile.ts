/**
 * Import it before a plugin is loaded: XLA's compiler for CPUs then skips what takes it longest, and a program compiles in half the time.
 * The plugin reads this variable when it is loaded.
 */
import { areForCpu } from "./plugins.js";

if (areForCpu) process.env["XLA_FLAGS"] = "--xla_backend_optimization_level=0";
