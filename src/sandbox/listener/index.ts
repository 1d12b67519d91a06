export { closeListener, type HttpListener, type ListenerOptions, openListener } from "./listener.ts";
export { sameSecret } from "./same-secret.ts";
