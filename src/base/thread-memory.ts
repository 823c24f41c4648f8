/**
 * Limits of threads that handle large arrays. Arrays lie outside of V8's heap and go with the small objects that hold them: with the usual 16 MiB and more of young
 * objects hundreds of them wait to be collected, and a process's memory rises and falls by tens of megabytes.
 */
export const threadLimits = { maxYoungGenerationSizeMb: 2 } as const;
