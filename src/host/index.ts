export * from "./publisher/index.ts";
