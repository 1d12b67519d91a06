export { type SandboxProcess, type SandboxProcessOptions, startSandboxProcess } from "./start.ts";
