export { MovableClock, type SandboxClock } from "./clock.ts";
