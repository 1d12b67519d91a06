export { closeListener, type Listener, type ListenerOptions, openListener } from "./listener.ts";
