export * from "./bounded-map.ts";
export * from "./bytes.ts";
export * from "./clock.ts";
export * from "./environment.ts";
export * from "./errors.ts";
export * from "./ids.ts";
export * from "./limits.ts";
export * from "./random.ts";
