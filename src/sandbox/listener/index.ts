export { closeListener, type Listener, type ListenerOptions, openListener } from "./listener.ts";
export { sameSecret } from "./same-secret.ts";
