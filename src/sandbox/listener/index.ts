export { type BodyRefusal, BodyRefused } from "./body.ts";
export type { Exchange } from "./exchange.ts";
export { closeListener, type Listener, type ListenerOptions, openListener } from "./listener.ts";
